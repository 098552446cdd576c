import { z } from 'zod'
import { commandBody, commandComponentSpec, jobCommon } from './command-specs.ts'
import { jobInput, jobOutput, resourcesSpec } from './job-inputs.ts'
import { earlyTermination, samplingAlgorithm, searchSpace } from './sweep-spaces.ts'

/** What a sweep says, as a job and as a node of a pipeline. */
const sweepBody = {
  ...jobCommon,
  type: z.literal('sweep'),
  trial: z.union([
    z.string(),
    commandComponentSpec,
    z.strictObject({ ...commandBody, type: z.literal('command').optional() }),
  ]),
  inputs: z.record(z.string(), jobInput).nullish(),
  outputs: z.record(z.string(), jobOutput).nullish(),
  sampling_algorithm: samplingAlgorithm,
  search_space: searchSpace,
  objective: z.strictObject({ goal: z.enum(['minimize', 'maximize']), primary_metric: z.string().min(1) }),
  early_termination: earlyTermination.nullish(),
  limits: z
    .strictObject({
      max_total_trials: z.number().int().positive().optional(),
      max_concurrent_trials: z.number().int().positive().optional(),
      timeout: z.number().int().positive().optional(),
      trial_timeout: z.number().int().positive().optional(),
    })
    .optional(),
  resources: resourcesSpec.optional(),
}

export const sweepJobSpec = z.strictObject(sweepBody).meta({ id: 'SweepJobSpec' })
export type SweepJobSpec = z.output<typeof sweepJobSpec>

/** A sweep inside a pipeline; its outputs are those of its best trial. */
export const sweepNode = z.strictObject(sweepBody).meta({ id: 'SweepNode' })
export type SweepNode = z.output<typeof sweepNode>
