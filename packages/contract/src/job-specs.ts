import { z } from 'zod'
import { nameSchema, tagsSchema, versionSchema } from './core/names.ts'
import {
  componentInput,
  environmentRef,
  type JobOutput,
  jobInput,
  jobOutput,
  limitsSpec,
  resourcesSpec,
} from './job-inputs.ts'

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
