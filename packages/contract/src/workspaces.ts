import { z } from 'zod'
import { creationContext } from './assets.ts'
import { nameSchema, tagsSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { route } from './core/route.ts'

export const workspaceSpec = z
  .looseObject({
    $schema: z.string().optional(),
    name: nameSchema,
    display_name: z.string().optional(),
    description: z.string().optional(),
    tags: tagsSchema.optional(),
    location: z.string().optional(),
  })
  .meta({ id: 'WorkspaceSpec' })
export const workspaceResource = z
  .object({
    id: z.string(),
    name: nameSchema,
    display_name: z.string(),
    description: z.string().optional(),
    tags: z.record(z.string(), z.string()),
    mlflow_tracking_uri: z.string(),
    etag: z.string(),
    creation_context: creationContext,
  })
  .meta({ id: 'Workspace' })
export type WorkspaceResource = z.output<typeof workspaceResource>

const params = z.object({ name: nameSchema })
export const workspaceRoutes = {
  create: route({
    operationId: 'workspaces.create',
    method: 'POST',
    path: '/api/v1/workspaces',
    permission: 'workspace.write',
    summary: 'Create a workspace',
    body: workspaceSpec,
    response: workspaceResource,
    status: 201,
    idempotent: true,
  }),
  list: route({
    operationId: 'workspaces.list',
    method: 'GET',
    path: '/api/v1/workspaces',
    permission: 'workspace.read',
    summary: 'List workspaces',
    query: z.object(pageQuery),
    response: pageOf(workspaceResource),
  }),
  show: route({
    operationId: 'workspaces.show',
    method: 'GET',
    path: '/api/v1/workspaces/:name',
    permission: 'workspace.read',
    summary: 'Show a workspace',
    params,
    response: workspaceResource,
  }),
  update: route({
    operationId: 'workspaces.update',
    method: 'PATCH',
    path: '/api/v1/workspaces/:name',
    permission: 'workspace.write',
    summary: 'Change display name, description or tags',
    params,
    body: z.strictObject({
      display_name: z.string().optional(),
      description: z.string().optional(),
      tags: tagsSchema.optional(),
    }),
    response: workspaceResource,
  }),
}
