import { z } from 'zod'
import { redaction } from './collection-plan.ts'
import { nameSchema, tagsSchema, versionSchema } from './core/names.ts'
import { probeSettings, requestSettings } from './gateway.ts'
import { environmentRef } from './job-inputs.ts'

/** Endpoint names are part of a URL: Azure ML allows letters, digits and dashes; dots and underscores are taken too. */
export const endpointName = nameSchema.max(64)

/** Azure ML writes `Key` as well as `key`. */
const authMode = z
  .string()
  .transform(text => text.toLowerCase())
  .pipe(z.enum(['key', 'aad_token', 'aml_token']))

const sumOf = (shares: unknown): number =>
  Object.values(shares as Record<string, number>).reduce((sum, n) => sum + n, 0)

/** `{ blue: 90, green: 10 }`; the sum must be 0 or 100. */
export const trafficSchema = z
  .record(nameSchema, z.coerce.number().int().min(0).max(100))
  .refine(traffic => [0, 100].includes(sumOf(traffic)), {
    error: ({ input }) =>
      `the shares add up to ${sumOf(input)}; they must add up to 100, or to 0 to take the endpoint out of service`,
  })
export const mirrorTrafficSchema = z.record(nameSchema, z.coerce.number().int().min(0).max(100))

/** managedOnlineEndpoint and kubernetesOnlineEndpoint. Identity and compute are accepted and kept: they mean nothing here. */
export const onlineEndpointSpec = z
  .strictObject({
    $schema: z.string().optional(),
    name: endpointName.optional(),
    type: z.string().optional(),
    kind: z.string().optional(),
    description: z.string().optional(),
    tags: tagsSchema.optional(),
    properties: tagsSchema.optional(),
    auth_mode: authMode.default('key'),
    compute: z.string().optional(),
    location: z.string().optional(),
    identity: z.looseObject({ type: z.string().optional() }).optional(),
    public_network_access: z.enum(['enabled', 'disabled']).default('enabled'),
    traffic: trafficSchema.optional(),
    mirror_traffic: mirrorTrafficSchema.optional(),
  })
  .meta({ id: 'OnlineEndpointSpec' })
export type OnlineEndpointSpec = z.output<typeof onlineEndpointSpec>

const flag = z.union([z.boolean(), z.stringbool()])
const dataCollection = z.strictObject({
  enabled: flag.optional(),
  sampling_rate: z.number().min(0).max(1).optional(),
  client_id: z.string().optional(),
  data: z
    .strictObject({ name: nameSchema.optional(), version: versionSchema.optional(), path: z.string().optional() })
    .optional(),
})
export const dataCollectorSpec = z.strictObject({
  collections: z.record(z.string(), dataCollection),
  sampling_rate: z.number().min(0).max(1).optional(),
  rolling_rate: z.string().optional(),
  redact: z
    .record(z.string(), redaction)
    .optional()
    .describe('columns that are left out (drop), replaced by a keyed digest (hash) or by asterisks (mask)'),
  request_logging: z.looseObject({ capture_headers: z.array(z.string()).optional() }).optional(),
  destination: z.looseObject({}).optional(),
})

/** A model written into the deployment: `path` is `hagane://trees/…` after upload, or any reference to a model. */
export const inlineModel = z.strictObject({
  $schema: z.string().optional(),
  name: nameSchema.optional(),
  version: versionSchema.optional(),
  type: z.enum(['custom_model', 'mlflow_model', 'triton_model']).optional(),
  path: z.string().min(1),
  description: z.string().optional(),
  tags: tagsSchema.optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  flavors: z.record(z.string(), z.unknown()).optional(),
  stage: z.string().optional(),
  utc_time_created: z.string().optional(),
})
export type InlineModel = z.output<typeof inlineModel>

const scaleSettings = z.strictObject({
  type: z.enum(['default', 'target_utilization']).optional(),
  min_instances: z.number().int().optional(),
  max_instances: z.number().int().optional(),
  polling_interval: z.number().int().optional(),
  target_utilization_percentage: z.number().int().optional(),
})
const resourceAmounts = z.strictObject({
  cpu: z.union([z.string(), z.number()]).optional(),
  memory: z.union([z.string(), z.number()]).optional(),
  gpu: z.union([z.string(), z.number()]).optional(),
})

/** managedOnlineDeployment and kubernetesOnlineDeployment, every field that Azure ML's examples use. */
export const onlineDeploymentSpec = z
  .strictObject({
    $schema: z.string().optional(),
    name: nameSchema.max(64).optional(),
    endpoint_name: endpointName.optional(),
    type: z.enum(['managed', 'kubernetes']).optional(),
    description: z.string().optional(),
    tags: tagsSchema.optional(),
    properties: tagsSchema.optional(),
    model: z.union([z.string().min(1), inlineModel]).optional(),
    model_mount_path: z
      .string()
      .optional()
      .describe(
        'what environment_variables and hagane.command call the folder of the model; it is replaced by where that lies',
      ),
    code_configuration: z.strictObject({ code: z.string().min(1), scoring_script: z.string().min(1) }).optional(),
    environment: environmentRef.optional(),
    environment_variables: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
    app_insights_enabled: z.boolean().optional(),
    data_collector: dataCollectorSpec.optional(),
    egress_public_network_access: z.enum(['enabled', 'disabled']).optional(),
    instance_count: z.coerce.number().int().min(1).max(256).default(1),
    instance_type: z.string().optional(),
    scale_settings: scaleSettings.optional(),
    resources: z.strictObject({ requests: resourceAmounts.optional(), limits: resourceAmounts.optional() }).optional(),
    request_settings: requestSettings.prefault({}),
    liveness_probe: probeSettings.prefault({}),
    readiness_probe: probeSettings.prefault({}),
    startup_probe: probeSettings.optional(),
  })
  .meta({ id: 'OnlineDeploymentSpec' })
export type OnlineDeploymentSpec = z.output<typeof onlineDeploymentSpec>
