import { z } from 'zod'
import { commandJobSpec } from './command-specs.ts'
import { pipelineJobSpec } from './pipeline-specs.ts'
import { sweepJobSpec } from './sweep-specs.ts'

export const jobSpec = z.discriminatedUnion('type', [
  commandJobSpec.extend({ type: z.literal('command') }),
  pipelineJobSpec,
  sweepJobSpec,
])
export type JobSpec = z.output<typeof jobSpec>
