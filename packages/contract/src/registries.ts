import { z } from 'zod'
import { nameSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { ok, route } from './core/route.ts'
import { workspaceResource, workspaceSpec } from './workspaces.ts'

/** Azure ML registry YAML. Regions and storage accounts are kept as said; the content is in this server's store. */
export const registrySpec = workspaceSpec
  .extend({ replication_locations: z.array(z.looseObject({ location: z.string() })).optional() })
  .meta({ id: 'RegistrySpec' })
export type RegistrySpec = z.output<typeof registrySpec>

export const registryResource = workspaceResource
  .omit({ mlflow_tracking_uri: true })
  .extend({ id: z.string().describe('azureml://registries/<name>'), mlflow_registry_uri: z.string() })
  .meta({ id: 'Registry' })
export type RegistryResource = z.output<typeof registryResource>

const params = z.object({ name: nameSchema })
export const registryRoutes = {
  create: route({
    operationId: 'registries.create',
    method: 'POST',
    path: '/api/v1/registries',
    permission: 'workspace.write',
    summary: 'Create a registry, whose assets all workspaces of this server may use',
    body: registrySpec,
    response: registryResource,
    status: 201,
    idempotent: true,
  }),
  list: route({
    operationId: 'registries.list',
    method: 'GET',
    path: '/api/v1/registries',
    permission: 'workspace.read',
    summary: 'List registries',
    query: z.object(pageQuery),
    response: pageOf(registryResource),
  }),
  show: route({
    operationId: 'registries.show',
    method: 'GET',
    path: '/api/v1/registries/:name',
    permission: 'workspace.read',
    summary: 'Show a registry',
    params,
    response: registryResource,
  }),
  delete: route({
    operationId: 'registries.delete',
    method: 'DELETE',
    path: '/api/v1/registries/:name',
    permission: 'workspace.write',
    summary: 'Delete an empty registry',
    params,
    response: ok,
  }),
}
