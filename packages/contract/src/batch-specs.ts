import { z } from 'zod'
import { nameSchema, tagsSchema } from './core/names.ts'
import { endpointName, inlineModel } from './endpoint-specs.ts'
import { environmentRef, jobInput, literal, outputSpec, resourcesSpec } from './job-inputs.ts'
import { pipelineComponentSpec, pipelineSettings } from './pipeline-specs.ts'

const authMode = z
  .string()
  .transform(text => text.toLowerCase())
  .pipe(z.enum(['key', 'aad_token', 'aml_token']))

/** batchEndpoint. Who may invoke it is decided by the workspace's roles; `auth_mode` is accepted and kept. */
export const batchEndpointSpec = z
  .strictObject({
    $schema: z.string().optional(),
    name: endpointName.optional(),
    type: z.string().optional(),
    description: z.string().optional(),
    tags: tagsSchema.optional(),
    properties: tagsSchema.optional(),
    auth_mode: authMode.default('aad_token'),
    identity: z.looseObject({ type: z.string().optional() }).optional(),
    location: z.string().optional(),
    compute: z.union([z.string(), z.looseObject({})]).optional(),
    defaults: z.strictObject({ deployment_name: nameSchema.nullish() }).optional(),
  })
  .meta({ id: 'BatchEndpointSpec' })
export type BatchEndpointSpec = z.output<typeof batchEndpointSpec>

const count = (least: number) => z.coerce.number().int().min(least)
const variable = z.union([z.string(), z.number(), z.boolean(), z.null()])
/** Becomes a file below the output, so it leads nowhere else. */
const fileName = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^/\\\0]+$/, 'the name of a file, without a folder')
  .refine(name => name !== '.' && name !== '..', 'the name of a file')

/** How a model deployment scores; Azure ML's keys, and below them Hagane's own. */
const scoringSettings = {
  mini_batch_size: count(1).optional().describe('files for one call of run(); default 10'),
  max_concurrency_per_instance: count(1).optional().describe('worker processes for each instance; default 1'),
  output_action: z
    .string()
    .transform(text => text.toLowerCase())
    .pipe(z.enum(['append_row', 'summary_only']))
    .optional(),
  output_file_name: fileName.optional().describe('default predictions.csv'),
  error_threshold: count(-1).optional().describe('failed files, of a model without code failed rows; -1 ignores them'),
  mini_batch_error_threshold: count(-1).optional(),
  retry_settings: z
    .strictObject({
      max_retries: count(0).optional().describe('of a mini-batch; default 3'),
      timeout: count(1).optional().describe('seconds for one mini-batch; default 30'),
    })
    .optional(),
  logging_level: z
    .string()
    .transform(text => text.toLowerCase())
    .pipe(z.enum(['debug', 'info', 'warning', 'error', 'critical']))
    .optional(),
  environment_variables: z.record(z.string(), variable).optional(),
  row_ids: z.boolean().optional().describe('write the prediction id of each row as its first value (Hagane)'),
  drift_baseline: z
    .string()
    .optional()
    .describe('a batch job whose scored data the new data is compared with (Hagane)'),
}
export const scoringSettingsSpec = z.strictObject(scoringSettings)
export type ScoringSettings = z.output<typeof scoringSettingsSpec>

const deploymentSettings = z
  .strictObject({ ...scoringSettings, ...pipelineSettings.shape })
  .describe('of a model: how it scores; of a pipeline component: the settings of its jobs')

/** modelBatchDeployment, pipelineComponentBatchDeployment, and the older batchDeployment whose settings lie at its root. */
export const batchDeploymentSpec = z
  .strictObject({
    $schema: z.string().optional(),
    name: nameSchema.max(64).optional(),
    endpoint_name: endpointName.optional(),
    type: z.enum(['model', 'pipeline']).optional(),
    description: z.string().optional(),
    tags: tagsSchema.optional(),
    properties: tagsSchema.optional(),
    model: z.union([z.string().min(1), inlineModel]).optional(),
    code_configuration: z.strictObject({ code: z.string().min(1), scoring_script: z.string().min(1) }).optional(),
    environment: environmentRef.optional(),
    compute: z.string().optional(),
    resources: resourcesSpec.extend({ instance_count: count(1).optional() }).optional(),
    component: z.union([z.string().min(1), pipelineComponentSpec]).optional(),
    job_definition: z.string().min(1).optional().describe('azureml:<job>: the pipeline that this job ran'),
    settings: deploymentSettings.optional(),
    ...scoringSettings,
  })
  .meta({ id: 'BatchDeploymentSpec' })
export type BatchDeploymentSpec = z.output<typeof batchDeploymentSpec>

/** The settings of a deployment wherever they were written; those below `settings` win. */
export function batchSettingsOf(spec: BatchDeploymentSpec): z.output<typeof deploymentSettings> {
  const atRoot = Object.fromEntries(
    Object.keys(scoringSettings).flatMap(key => {
      const value = spec[key as keyof ScoringSettings]
      return value === undefined ? [] : [[key, value]]
    }),
  )
  return { ...atRoot, ...spec.settings }
}

/** What an invocation may change for its own job. */
export const invocationSettings = z.strictObject({
  mini_batch_size: scoringSettings.mini_batch_size,
  instance_count: count(1).optional(),
  max_concurrency_per_instance: scoringSettings.max_concurrency_per_instance,
  output_file_name: scoringSettings.output_file_name,
  error_threshold: scoringSettings.error_threshold,
  retry_settings: scoringSettings.retry_settings,
  logging_level: scoringSettings.logging_level,
  environment_variables: scoringSettings.environment_variables,
  row_ids: scoringSettings.row_ids,
  drift_baseline: scoringSettings.drift_baseline,
})

/** The file that `batch-endpoint invoke --file` takes, and the body of an invocation. */
export const batchInvocation = z
  .strictObject({
    $schema: z.string().optional(),
    deployment_name: nameSchema.optional().describe('default: that of the endpoint'),
    job_name: nameSchema.optional(),
    display_name: z.string().optional(),
    experiment_name: z.string().min(1).max(255).optional().describe('default: the name of the endpoint'),
    inputs: z.record(z.string(), z.union([jobInput, literal])).nullish(),
    outputs: z
      .record(z.string(), z.union([outputSpec, z.null()]))
      .nullish()
      .describe('name: registers it as an asset'),
    settings: invocationSettings.optional(),
    tags: tagsSchema.optional(),
  })
  .meta({ id: 'BatchInvocation' })
export type BatchInvocation = z.output<typeof batchInvocation>
