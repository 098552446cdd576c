import { z } from 'zod'
import { creationContext } from './assets.ts'
import { nameSchema, tagsSchema, timeSchema, versionSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { ok, route } from './core/route.ts'
import { environmentSpec } from './environments.ts'

export const jobStatuses = [
  'NotStarted',
  'Queued',
  'Preparing',
  'Starting',
  'Running',
  'Finalizing',
  'Completed',
  'Failed',
  'CancelRequested',
  'Canceled',
] as const
export type JobStatus = (typeof jobStatuses)[number]
export const terminalStatuses: readonly JobStatus[] = ['Completed', 'Failed', 'Canceled']

export const dataInputTypes = [
  'uri_file',
  'uri_folder',
  'mltable',
  'mlflow_model',
  'custom_model',
  'triton_model',
  'path',
] as const
export const literalTypes = ['string', 'number', 'integer', 'boolean'] as const
export const inputModes = [
  'ro_mount',
  'rw_mount',
  'download',
  'direct',
  'eval_mount',
  'eval_download',
  'mount',
] as const
export const outputModes = ['rw_mount', 'upload', 'direct', 'mount'] as const

/** Literals keep their YAML source text (`1e-3`, `1.0`); booleans render as Python does: True, False. */
export const literal = z.union([z.string(), z.number(), z.boolean()])

export const dataInput = z.strictObject({
  type: z.enum([...dataInputTypes, ...literalTypes]).optional(),
  path: z.string().optional(),
  mode: z.enum(inputModes).optional(),
  value: literal.optional(),
  default: literal.optional(),
  optional: z.boolean().optional(),
  description: z.string().optional(),
})
export const jobInput = z.union([literal, dataInput, z.null()])
export type JobInput = z.output<typeof jobInput>

export const outputSpec = z.strictObject({
  type: z.enum([...dataInputTypes, ...literalTypes]).optional(),
  path: z.string().optional(),
  mode: z.enum(outputModes).optional(),
  name: nameSchema.optional(),
  version: versionSchema.optional(),
  description: z.string().optional(),
})
export const jobOutput = z.union([z.string(), outputSpec, z.null()])
export type JobOutput = z.output<typeof jobOutput>

const intOrExpression = z.union([z.number().int(), z.string()])
export const resourcesSpec = z.looseObject({
  instance_count: intOrExpression.optional(),
  instance_type: z.string().optional(),
  shm_size: z.string().optional(),
})
export const limitsSpec = z.strictObject({ timeout: intOrExpression.optional() })
export const environmentRef = z.union([z.string(), environmentSpec])

const common = {
  $schema: z.string().optional(),
  name: nameSchema.optional(),
  display_name: z.string().optional(),
  experiment_name: z.string().min(1).max(255).optional(),
  description: z.string().optional(),
  tags: tagsSchema.optional(),
  properties: tagsSchema.optional(),
  compute: z.string().optional(),
  identity: z.looseObject({}).optional(),
  services: z.record(z.string(), z.looseObject({})).nullish(),
  queue_settings: z.looseObject({}).optional(),
}

const commandBody = {
  command: z.string().min(1),
  code: z.string().optional(),
  environment: environmentRef.optional(),
  environment_variables: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  resources: resourcesSpec.optional(),
  distribution: z.looseObject({ type: z.string() }).optional(),
  limits: limitsSpec.optional(),
}

/** A component declares its inputs; a job gives them values. */
export const componentInput = z.union([
  z.strictObject({
    type: z.enum([...dataInputTypes, ...literalTypes]),
    default: literal.optional(),
    optional: z.boolean().optional(),
    description: z.string().optional(),
    enum: z.array(literal).optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    mode: z.enum(inputModes).optional(),
    path: z.string().optional(),
  }),
  z.null(),
])
export const commandComponentSpec = z
  .strictObject({
    $schema: z.string().optional(),
    type: z.literal('command').default('command'),
    name: nameSchema.optional(),
    version: versionSchema.optional(),
    display_name: z.string().optional(),
    description: z.string().optional(),
    tags: tagsSchema.optional(),
    properties: tagsSchema.optional(),
    is_deterministic: z.boolean().optional(),
    inputs: z.record(z.string(), componentInput).nullish(),
    outputs: z.record(z.string(), jobOutput).nullish(),
    additional_includes: z.array(z.string()).optional(),
    ...commandBody,
  })
  .meta({ id: 'CommandComponentSpec' })
export type CommandComponentSpec = z.output<typeof commandComponentSpec>

export const commandJobSpec = z
  .strictObject({
    ...common,
    type: z.literal('command').default('command'),
    ...commandBody,
    inputs: z.record(z.string(), jobInput).nullish(),
    outputs: z.record(z.string(), jobOutput).nullish(),
    is_deterministic: z.boolean().optional(),
  })
  .meta({ id: 'CommandJobSpec' })
export type CommandJobSpec = z.output<typeof commandJobSpec>

const nodeCommon = {
  ...common,
  inputs: z.record(z.string(), jobInput).nullish(),
  outputs: z.record(z.string(), jobOutput).nullish(),
  limits: limitsSpec.optional(),
  resources: resourcesSpec.optional(),
  distribution: commandBody.distribution,
  environment_variables: commandBody.environment_variables,
}
/** A pipeline node: inline command, or a component by reference or inline. */
export const pipelineNode = z
  .strictObject({
    ...nodeCommon,
    type: z.enum(['command', 'pipeline']).optional(),
    command: z.string().optional(),
    code: z.string().optional(),
    environment: environmentRef.optional(),
    is_deterministic: z.boolean().optional(),
    component: z.union([z.string(), z.lazy(() => componentSpec)]).optional(),
  })
  .refine(
    node => (node.command === undefined) !== (node.component === undefined),
    'a node has either a command or a component',
  )
export type PipelineNode = z.output<typeof pipelineNode>

export const pipelineSettings = z.looseObject({
  default_compute: z.string().optional(),
  default_datastore: z.string().optional(),
  continue_on_step_failure: z.boolean().optional(),
  force_rerun: z.union([z.boolean(), z.stringbool()]).optional(),
})
const pipelineBody = {
  inputs: z.record(z.string(), jobInput).nullish(),
  outputs: z.record(z.string(), jobOutput).nullish(),
  settings: pipelineSettings.optional(),
}
export const pipelineComponentSpec: z.ZodType<PipelineComponentSpec> = z
  .strictObject({
    $schema: z.string().optional(),
    type: z.literal('pipeline'),
    name: nameSchema.optional(),
    version: versionSchema.optional(),
    display_name: z.string().optional(),
    description: z.string().optional(),
    tags: tagsSchema.optional(),
    properties: tagsSchema.optional(),
    is_deterministic: z.boolean().optional(),
    inputs: z.record(z.string(), componentInput).nullish(),
    outputs: z.record(z.string(), jobOutput).nullish(),
    settings: pipelineSettings.optional(),
    jobs: z.record(
      z.string(),
      z.lazy(() => pipelineNode),
    ),
  })
  .meta({ id: 'PipelineComponentSpec' }) as z.ZodType<PipelineComponentSpec>
export interface PipelineComponentSpec {
  $schema?: string
  type: 'pipeline'
  name?: string
  version?: string
  display_name?: string
  description?: string
  tags?: Record<string, string>
  properties?: Record<string, string>
  is_deterministic?: boolean
  inputs?: Record<string, z.output<typeof componentInput>> | null
  outputs?: Record<string, JobOutput> | null
  settings?: z.output<typeof pipelineSettings>
  jobs: Record<string, PipelineNode>
}
export const componentSpec: z.ZodType<CommandComponentSpec | PipelineComponentSpec> = z.union([
  pipelineComponentSpec,
  commandComponentSpec,
]) as z.ZodType<CommandComponentSpec | PipelineComponentSpec>
export type ComponentSpec = CommandComponentSpec | PipelineComponentSpec

export const pipelineJobSpec = z
  .strictObject({
    ...common,
    type: z.literal('pipeline'),
    ...pipelineBody,
    jobs: z.record(z.string(), pipelineNode).optional(),
    component: z.union([z.string(), pipelineComponentSpec]).optional(),
  })
  .refine(
    job => (job.jobs === undefined) !== (job.component === undefined),
    'a pipeline job has either jobs or a component',
  )
  .meta({ id: 'PipelineJobSpec' })
export type PipelineJobSpec = z.output<typeof pipelineJobSpec>

export const searchSpaceEntry = z.looseObject({ type: z.string() })
export const sweepJobSpec = z
  .strictObject({
    ...common,
    type: z.literal('sweep'),
    trial: z.union([
      z.string(),
      commandComponentSpec,
      z.strictObject({ ...commandBody, type: z.literal('command').optional() }),
    ]),
    inputs: z.record(z.string(), jobInput).nullish(),
    outputs: z.record(z.string(), jobOutput).nullish(),
    sampling_algorithm: z.union([
      z.enum(['random', 'grid', 'bayesian']),
      z.looseObject({ type: z.enum(['random', 'grid', 'bayesian']) }),
    ]),
    search_space: z.record(z.string(), searchSpaceEntry),
    objective: z.strictObject({ goal: z.enum(['minimize', 'maximize']), primary_metric: z.string().min(1) }),
    early_termination: z.looseObject({ type: z.string() }).optional(),
    limits: z
      .strictObject({
        max_total_trials: z.number().int().positive().optional(),
        max_concurrent_trials: z.number().int().positive().optional(),
        timeout: z.number().int().positive().optional(),
        trial_timeout: z.number().int().positive().optional(),
      })
      .optional(),
    resources: resourcesSpec.optional(),
  })
  .meta({ id: 'SweepJobSpec' })
export type SweepJobSpec = z.output<typeof sweepJobSpec>

export const jobSpec = z.discriminatedUnion('type', [
  commandJobSpec.extend({ type: z.literal('command') }),
  pipelineJobSpec,
  sweepJobSpec,
])
export type JobSpec = z.output<typeof jobSpec>

/** Where the code came from, as the client's git saw it at submit. */
export const gitState = z.strictObject({
  commit: z.string(),
  branch: z.string().optional(),
  remote: z.string().optional(),
  dirty: z.boolean(),
  path: z.string().optional().describe('folder of the YAML inside the repository'),
})
export type GitState = z.output<typeof gitState>

export const jobReuse = z.object({
  key: z.string(),
  from: z.string().optional().describe('the job whose outputs were taken'),
})

export const jobResource = z
  .object({
    id: z.string(),
    name: nameSchema,
    type: z.enum(['command', 'pipeline', 'sweep']),
    status: z.enum(jobStatuses),
    display_name: z.string(),
    experiment_name: z.string(),
    description: z.string().optional(),
    tags: z.record(z.string(), z.string()),
    properties: z.record(z.string(), z.string()),
    parent_job_name: z.string().optional(),
    step: z.string().optional().describe('node key in the parent pipeline'),
    compute: z.string().optional(),
    inputs: z.record(z.string(), z.unknown()),
    outputs: z.record(z.string(), z.unknown()),
    services: z.record(z.string(), z.unknown()),
    spec: z.record(z.string(), z.unknown()).describe('the specification as submitted, references resolved'),
    git: gitState.optional(),
    reuse: jobReuse.optional(),
    error: z
      .object({
        message: z.string(),
        exit_code: z.number().int().optional(),
        log_tail: z.array(z.string()).optional(),
        log: z.string().optional(),
      })
      .optional(),
    attempts: z.number().int(),
    archived: z.boolean(),
    etag: z.string(),
    creation_context: creationContext,
    start_time: timeSchema.optional(),
    end_time: timeSchema.optional(),
  })
  .meta({ id: 'Job' })
export type JobResource = z.output<typeof jobResource>

const jobParams = z.object({ name: nameSchema })
export const jobRoutes = {
  create: route({
    operationId: 'jobs.create',
    method: 'POST',
    path: '/api/v1/jobs',
    permission: 'job.write',
    summary: 'Submit a job',
    body: z.strictObject({ job: jobSpec, git: gitState.optional(), default_experiment_name: z.string().optional() }),
    response: jobResource,
    status: 201,
    idempotent: true,
  }),
  list: route({
    operationId: 'jobs.list',
    method: 'GET',
    path: '/api/v1/jobs',
    permission: 'job.read',
    summary: 'List jobs, newest first',
    query: z.object({
      ...pageQuery,
      parent_job_name: z.string().optional(),
      status: z.string().optional(),
      experiment_name: z.string().optional(),
      commit: z.string().optional(),
      include_archived: z.stringbool().default(false),
    }),
    response: pageOf(jobResource),
  }),
  show: route({
    operationId: 'jobs.show',
    method: 'GET',
    path: '/api/v1/jobs/:name',
    permission: 'job.read',
    summary: 'Show a job',
    params: jobParams,
    response: jobResource,
  }),
  update: route({
    operationId: 'jobs.update',
    method: 'PATCH',
    path: '/api/v1/jobs/:name',
    permission: 'job.write',
    summary: 'Change display name, description or tags',
    params: jobParams,
    body: z.strictObject({
      display_name: z.string().optional(),
      description: z.string().optional(),
      tags: tagsSchema.optional(),
      archived: z.boolean().optional(),
    }),
    response: jobResource,
  }),
  cancel: route({
    operationId: 'jobs.cancel',
    method: 'POST',
    path: '/api/v1/jobs/:name/cancel',
    permission: 'job.write',
    summary: 'Ask a job to stop; its process tree is ended',
    params: jobParams,
    response: jobResource,
    status: 202,
  }),
  log: route({
    operationId: 'jobs.log',
    method: 'GET',
    path: '/api/v1/jobs/:name/log',
    permission: 'job.read',
    summary: 'Log bytes from an offset; `wait` holds the answer until there is more',
    params: jobParams,
    query: z.object({
      offset: z.coerce.number().int().min(0).default(0),
      wait: z.coerce.number().min(0).max(30).default(0).describe('seconds'),
    }),
    response: 'stream',
  }),
  outputs: route({
    operationId: 'jobs.outputs',
    method: 'GET',
    path: '/api/v1/jobs/:name/outputs',
    permission: 'job.read',
    summary: 'The outputs of a job and the trees that hold them',
    params: jobParams,
    response: z.object({
      outputs: z.record(
        z.string(),
        z.object({
          type: z.string(),
          uri: z.string(),
          digest: z.string().optional(),
          path: z.string().optional(),
          asset: z.string().optional(),
        }),
      ),
      artifacts: z.string().optional().describe('tree digest of the run artifacts'),
    }),
  }),
  validate: route({
    operationId: 'jobs.validate',
    method: 'POST',
    path: '/api/v1/jobs/validate',
    permission: 'job.read',
    summary: 'Check a job without running it',
    body: z.strictObject({ job: jobSpec }),
    response: ok,
  }),
}
