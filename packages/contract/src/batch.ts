import { z } from 'zod'
import { creationContext } from './assets.ts'
import { batchDeploymentSpec, batchEndpointSpec, batchInvocation } from './batch-specs.ts'
import { nameSchema, tagsSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { ok, route } from './core/route.ts'
import { endpointName, inlineModel } from './endpoint-specs.ts'
import { endpointFields, revisionFields } from './endpoints.ts'
import { jobResource } from './jobs.ts'

export const batchEndpoint = z
  .object({
    ...endpointFields,
    defaults: z.object({ deployment_name: z.string().optional() }),
    scoring_uri: endpointFields.scoring_uri.describe('POST an invocation to it'),
    provisioning_state: z.literal('Succeeded'),
  })
  .meta({ id: 'BatchEndpoint' })
export type BatchEndpoint = z.output<typeof batchEndpoint>

/** What stands behind one immutable state of a batch deployment. */
export const batchRevision = z.object({
  ...revisionFields,
  environment: z.unknown().optional(),
  component: z.object({ id: z.string().optional(), digest: z.string() }).optional(),
})
export type BatchRevision = z.output<typeof batchRevision>

export const batchDeployment = z
  .object({
    id: z.string(),
    name: z.string(),
    endpoint_name: z.string(),
    type: z.enum(['model', 'pipeline']),
    description: z.string().optional(),
    tags: z.record(z.string(), z.string()),
    properties: z.record(z.string(), z.string()),
    model: z.union([z.string(), inlineModel]).optional().describe('as it was resolved: labels became versions'),
    code_configuration: z.object({ code: z.string(), scoring_script: z.string() }).optional(),
    environment: z.unknown().optional(),
    compute: z.string().optional(),
    resources: z.unknown().optional(),
    component: z.unknown().optional(),
    job_definition: z.string().optional(),
    settings: z.record(z.string(), z.unknown()).describe('defaults filled in'),
    provisioning_state: z.literal('Succeeded'),
    revision: batchRevision,
    etag: z.string(),
    creation_context: creationContext,
  })
  .meta({ id: 'BatchDeployment' })
export type BatchDeployment = z.output<typeof batchDeployment>

const base = '/api/v1/batch-endpoints'
const endpointParams = z.object({ name: endpointName })
const deploymentParams = z.object({ name: endpointName, deployment: nameSchema })

export const batchRoutes = {
  create: route({
    operationId: 'batch_endpoints.create',
    method: 'POST',
    path: base,
    permission: 'endpoint.write',
    summary: 'Create a batch endpoint',
    body: batchEndpointSpec.required({ name: true }),
    response: batchEndpoint,
    status: 201,
    idempotent: true,
  }),
  list: route({
    operationId: 'batch_endpoints.list',
    method: 'GET',
    path: base,
    permission: 'endpoint.read',
    summary: 'List batch endpoints',
    query: z.object(pageQuery),
    response: pageOf(batchEndpoint),
  }),
  show: route({
    operationId: 'batch_endpoints.show',
    method: 'GET',
    path: `${base}/:name`,
    permission: 'endpoint.read',
    summary: 'Show a batch endpoint',
    params: endpointParams,
    response: batchEndpoint,
  }),
  update: route({
    operationId: 'batch_endpoints.update',
    method: 'PATCH',
    path: `${base}/:name`,
    permission: 'endpoint.write',
    summary: 'Change the default deployment, description or tags of a batch endpoint',
    params: endpointParams,
    body: z.strictObject({
      description: z.string().optional(),
      tags: tagsSchema.optional(),
      properties: tagsSchema.optional(),
      defaults: z.strictObject({ deployment_name: z.union([nameSchema, z.literal(''), z.null()]) }).optional(),
    }),
    response: batchEndpoint,
  }),
  delete: route({
    operationId: 'batch_endpoints.delete',
    method: 'DELETE',
    path: `${base}/:name`,
    permission: 'endpoint.write',
    summary: 'Delete a batch endpoint and its deployments; the jobs that it started stay',
    params: endpointParams,
    response: ok,
  }),
  invoke: route({
    operationId: 'batch_endpoints.invoke',
    method: 'POST',
    path: `${base}/:name/jobs`,
    permission: 'endpoint.invoke',
    summary: 'Start a job that scores the inputs, or runs the pipeline component over them',
    params: endpointParams,
    body: batchInvocation,
    response: jobResource,
    status: 201,
    idempotent: true,
  }),
  listJobs: route({
    operationId: 'batch_endpoints.list_jobs',
    method: 'GET',
    path: `${base}/:name/jobs`,
    permission: 'endpoint.read',
    summary: 'List the jobs that a batch endpoint started, newest first',
    params: endpointParams,
    query: z.object({ ...pageQuery, deployment_name: nameSchema.optional() }),
    response: pageOf(jobResource),
  }),
  createDeployment: route({
    operationId: 'batch_deployments.create',
    method: 'PUT',
    path: `${base}/:name/deployments/:deployment`,
    permission: 'endpoint.write',
    summary: 'Create a deployment, or replace it by what the body says',
    params: deploymentParams,
    query: z.object({ set_default: z.stringbool().default(false) }),
    body: batchDeploymentSpec,
    response: batchDeployment,
    status: 201,
  }),
  listDeployments: route({
    operationId: 'batch_deployments.list',
    method: 'GET',
    path: `${base}/:name/deployments`,
    permission: 'endpoint.read',
    summary: 'List the deployments of a batch endpoint',
    params: endpointParams,
    response: z.object({ items: z.array(batchDeployment) }),
  }),
  showDeployment: route({
    operationId: 'batch_deployments.show',
    method: 'GET',
    path: `${base}/:name/deployments/:deployment`,
    permission: 'endpoint.read',
    summary: 'Show a deployment of a batch endpoint',
    params: deploymentParams,
    response: batchDeployment,
  }),
  deleteDeployment: route({
    operationId: 'batch_deployments.delete',
    method: 'DELETE',
    path: `${base}/:name/deployments/:deployment`,
    permission: 'endpoint.write',
    summary: 'Delete a deployment that is not the default; the jobs that it started stay',
    params: deploymentParams,
    response: ok,
  }),
}
