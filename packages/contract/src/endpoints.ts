import { z } from 'zod'
import { creationContext } from './assets.ts'
import { nameSchema, tagsSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { ok, route } from './core/route.ts'
import {
  endpointName,
  inlineModel,
  mirrorTrafficSchema,
  onlineDeploymentSpec,
  onlineEndpointSpec,
  trafficSchema,
} from './endpoint-specs.ts'
import { authModes, gatewayRevisionReport, probeSettings, requestSettings, revisionIdSchema } from './gateway.ts'
import { predictionRecord } from './predictions.ts'

export const provisioningStates = ['Creating', 'Updating', 'Succeeded', 'Failed', 'Deleting'] as const

/** What online and batch endpoints show alike. */
export const endpointFields = {
  id: z.string(),
  name: z.string(),
  description: z.string().optional(),
  tags: z.record(z.string(), z.string()),
  properties: z.record(z.string(), z.string()),
  auth_mode: z.enum(authModes),
  location: z.string(),
  scoring_uri: z.string(),
  etag: z.string(),
  creation_context: creationContext,
}

export const onlineEndpoint = z
  .object({
    ...endpointFields,
    kind: z.literal('Managed'),
    identity: z.looseObject({}).optional(),
    compute: z.string().optional(),
    public_network_access: z.enum(['enabled', 'disabled']),
    traffic: z.record(z.string(), z.number()),
    mirror_traffic: z.record(z.string(), z.number()),
    provisioning_state: z.enum(provisioningStates),
    openapi_uri: z.string(),
    grpc_uri: z.string().optional().describe('host:port of the Open Inference Protocol over gRPC'),
  })
  .meta({ id: 'OnlineEndpoint' })
export type OnlineEndpoint = z.output<typeof onlineEndpoint>

/** What revisions of online and batch deployments hold alike. */
export const revisionFields = {
  revision_id: revisionIdSchema,
  endpoint: z.string(),
  deployment: z.string(),
  model: z
    .object({
      id: z.string(),
      name: z.string(),
      version: z.string(),
      type: z.string(),
      tree: z.string(),
      path: z.string(),
      run_id: z.string().optional(),
    })
    .optional(),
  code: z.object({ tree: z.string(), path: z.string(), scoring_script: z.string() }).optional(),
  created_at: z.string(),
  created_by: z.string(),
}

/** What stands behind one immutable state of a deployment; never changed after it was written. */
export const deploymentRevision = z.object({
  ...revisionFields,
  environment: z.object({ id: z.string().optional(), lock_digest: z.string() }),
  environment_variables: z.record(z.string(), z.string()),
})
export type DeploymentRevision = z.output<typeof deploymentRevision>

export const onlineDeployment = z
  .object({
    id: z.string(),
    name: z.string(),
    endpoint_name: z.string(),
    type: z.enum(['managed', 'kubernetes']),
    description: z.string().optional(),
    tags: z.record(z.string(), z.string()),
    properties: z.record(z.string(), z.string()),
    model: z.union([z.string(), inlineModel]).optional(),
    model_mount_path: z.string().optional(),
    code_configuration: z.object({ code: z.string(), scoring_script: z.string() }).optional(),
    environment: z.unknown().optional(),
    environment_variables: z.record(z.string(), z.string()),
    app_insights_enabled: z.boolean(),
    data_collector: z.unknown().optional(),
    egress_public_network_access: z.enum(['enabled', 'disabled']),
    instance_count: z.number().int(),
    instance_type: z.string().optional(),
    scale_settings: z.unknown().optional(),
    resources: z.unknown().optional(),
    request_settings: requestSettings,
    liveness_probe: probeSettings,
    readiness_probe: probeSettings,
    provisioning_state: z.enum(provisioningStates),
    error: z
      .object({ message: z.string(), log_tail: z.array(z.string()).optional() })
      .optional()
      .describe("why provisioning failed, with the traceback of the worker's own log"),
    revision: deploymentRevision.optional().describe('what the gateway was told to serve last'),
    serving: gatewayRevisionReport.optional().describe('what the gateway said of it last'),
    etag: z.string(),
    creation_context: creationContext,
  })
  .meta({ id: 'OnlineDeployment' })
export type OnlineDeployment = z.output<typeof onlineDeployment>

const base = '/api/v1/online-endpoints'
const endpointParams = z.object({ name: endpointName })
const deploymentParams = z.object({ name: endpointName, deployment: nameSchema })

export const endpointRoutes = {
  create: route({
    operationId: 'online_endpoints.create',
    method: 'POST',
    path: base,
    permission: 'endpoint.write',
    summary: 'Create an online endpoint',
    body: onlineEndpointSpec.required({ name: true }),
    response: onlineEndpoint,
    status: 201,
    idempotent: true,
  }),
  list: route({
    operationId: 'online_endpoints.list',
    method: 'GET',
    path: base,
    permission: 'endpoint.read',
    summary: 'List online endpoints',
    query: z.object(pageQuery),
    response: pageOf(onlineEndpoint),
  }),
  show: route({
    operationId: 'online_endpoints.show',
    method: 'GET',
    path: `${base}/:name`,
    permission: 'endpoint.read',
    summary: 'Show an online endpoint',
    params: endpointParams,
    response: onlineEndpoint,
  }),
  update: route({
    operationId: 'online_endpoints.update',
    method: 'PATCH',
    path: `${base}/:name`,
    permission: 'endpoint.write',
    summary: 'Change the traffic split, description, tags or access of an online endpoint',
    params: endpointParams,
    body: z.strictObject({
      description: z.string().optional(),
      tags: tagsSchema.optional(),
      properties: tagsSchema.optional(),
      traffic: trafficSchema.optional(),
      mirror_traffic: mirrorTrafficSchema.optional(),
      public_network_access: z.enum(['enabled', 'disabled']).optional(),
    }),
    response: onlineEndpoint,
  }),
  delete: route({
    operationId: 'online_endpoints.delete',
    method: 'DELETE',
    path: `${base}/:name`,
    permission: 'endpoint.write',
    summary: 'Delete an online endpoint and its deployments',
    params: endpointParams,
    response: ok,
  }),
  credentials: route({
    operationId: 'online_endpoints.credentials',
    method: 'POST',
    path: `${base}/:name/credentials`,
    permission: 'endpoint.invoke',
    summary: 'The keys of an endpoint, or a token for one whose auth_mode is a token',
    params: endpointParams,
    response: z.object({
      primaryKey: z.string().optional(),
      secondaryKey: z.string().optional(),
      accessToken: z.string().optional(),
      expiryTimeUtc: z.number().int().optional().describe('epoch seconds'),
      refreshAfterTimeUtc: z.number().int().optional().describe('epoch seconds'),
      tokenType: z.string().optional(),
    }),
  }),
  regenerateKey: route({
    operationId: 'online_endpoints.regenerate_key',
    method: 'POST',
    path: `${base}/:name/regenerate-key`,
    permission: 'endpoint.write',
    summary: 'Replace a key; the old one stops working',
    params: endpointParams,
    body: z.strictObject({ key_type: z.enum(['primary', 'secondary']).default('primary') }),
    response: ok,
  }),
  createDeployment: route({
    operationId: 'online_deployments.create',
    method: 'PUT',
    path: `${base}/:name/deployments/:deployment`,
    permission: 'endpoint.write',
    summary: 'Create a deployment, or replace it by what the body says; it is built and started in the background',
    params: deploymentParams,
    query: z.object({ all_traffic: z.stringbool().default(false) }),
    body: onlineDeploymentSpec,
    response: onlineDeployment,
    status: 202,
  }),
  listDeployments: route({
    operationId: 'online_deployments.list',
    method: 'GET',
    path: `${base}/:name/deployments`,
    permission: 'endpoint.read',
    summary: 'List the deployments of an online endpoint',
    params: endpointParams,
    response: z.object({ items: z.array(onlineDeployment) }),
  }),
  showDeployment: route({
    operationId: 'online_deployments.show',
    method: 'GET',
    path: `${base}/:name/deployments/:deployment`,
    permission: 'endpoint.read',
    summary: 'Show a deployment of an online endpoint',
    params: deploymentParams,
    response: onlineDeployment,
  }),
  deleteDeployment: route({
    operationId: 'online_deployments.delete',
    method: 'DELETE',
    path: `${base}/:name/deployments/:deployment`,
    permission: 'endpoint.write',
    summary: 'Delete a deployment that takes no traffic',
    params: deploymentParams,
    response: ok,
  }),
  deploymentLogs: route({
    operationId: 'online_deployments.logs',
    method: 'GET',
    path: `${base}/:name/deployments/:deployment/logs`,
    permission: 'endpoint.read',
    summary: 'Last lines of the log of a deployment',
    params: deploymentParams,
    query: z.object({ lines: z.coerce.number().int().min(1).max(5000).default(50) }),
    response: z.object({ content: z.string() }),
  }),
  deploymentRevisions: route({
    operationId: 'online_deployments.revisions',
    method: 'GET',
    path: `${base}/:name/deployments/:deployment/revisions`,
    permission: 'endpoint.read',
    summary: 'Every state a deployment has had: model, environment and code, newest first',
    params: deploymentParams,
    response: z.object({ items: z.array(deploymentRevision) }),
  }),
  prediction: route({
    operationId: 'predictions.show',
    method: 'GET',
    path: '/api/v1/predictions/:id',
    permission: 'endpoint.read',
    summary: 'What stands behind a prediction id: its record and the deployment revision that answered',
    params: z.object({ id: z.string().max(100) }),
    response: z.object({ prediction: predictionRecord, revision: deploymentRevision.optional() }),
  }),
}
