import { z } from 'zod'
import {
  type CommandComponentSpec,
  commandComponentSpec,
  componentCommon,
  jobCommon,
  nodeCommon,
} from './command-specs.ts'
import { type ConditionNode, conditionNode } from './condition-specs.ts'
import {
  commandRetrySettings,
  type componentInput,
  environmentRef,
  type JobOutput,
  jobInput,
  jobOutput,
  reuseSpec,
} from './job-inputs.ts'
import { type ParallelComponentSpec, type ParallelNode, parallelComponentSpec, parallelNode } from './parallel-specs.ts'
import { type SweepNode, sweepNode } from './sweep-specs.ts'

/** A node that is a command written here, or a component by reference or inline. */
export const commandNode = z
  .strictObject({
    ...nodeCommon,
    type: z.enum(['command', 'pipeline']).optional(),
    command: z.string().optional(),
    code: z.string().optional(),
    environment: environmentRef.optional(),
    retry_settings: commandRetrySettings.optional(),
    is_deterministic: z.boolean().optional(),
    reuse: reuseSpec.optional(),
    component: z.union([z.string(), z.lazy(() => componentSpec)]).optional(),
  })
  .refine(
    node => (node.command === undefined) !== (node.component === undefined),
    'a node has either a command or a component',
  )
export type CommandNode = z.output<typeof commandNode>

/** A step of a pipeline. */
export const pipelineNode = z.union([commandNode, sweepNode, parallelNode, conditionNode])
export type PipelineNode = CommandNode | SweepNode | ParallelNode | ConditionNode

export const pipelineSettings = z.looseObject({
  default_compute: z.string().optional(),
  default_datastore: z.string().optional(),
  continue_on_step_failure: z.boolean().optional(),
  force_rerun: z.union([z.boolean(), z.stringbool()]).optional(),
  reuse: reuseSpec.optional(),
})
const pipelineBody = {
  inputs: z.record(z.string(), jobInput).nullish(),
  outputs: z.record(z.string(), jobOutput).nullish(),
  settings: pipelineSettings.optional(),
}
export const pipelineComponentSpec: z.ZodType<PipelineComponentSpec> = z
  .strictObject({
    ...componentCommon,
    type: z.literal('pipeline'),
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
  reuse?: z.output<typeof reuseSpec>
  inputs?: Record<string, z.output<typeof componentInput>> | null
  outputs?: Record<string, JobOutput> | null
  settings?: z.output<typeof pipelineSettings>
  jobs: Record<string, PipelineNode>
}
export const componentSpec: z.ZodType<ComponentSpec> = z.union([
  pipelineComponentSpec,
  commandComponentSpec,
  parallelComponentSpec,
]) as z.ZodType<ComponentSpec>
export type ComponentSpec = CommandComponentSpec | PipelineComponentSpec | ParallelComponentSpec

export const pipelineJobSpec = z
  .strictObject({
    ...jobCommon,
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
