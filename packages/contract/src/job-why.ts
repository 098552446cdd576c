import { z } from 'zod'
import { nameSchema, timeSchema } from './core/names.ts'
import { route } from './core/route.ts'
import { lockChanges } from './environments.ts'

/** Why a step ran although results are kept. */
export const runReasons = [
  'first-run',
  'changed',
  'forced',
  'not-deterministic',
  'single-job',
  'trial',
  'reproduction',
  'expired',
  'content-gone',
  'no-result-kept',
] as const
export type RunReason = (typeof runReasons)[number]

export const lineDiff = z.object({
  lines: z.array(z.string()).describe('unified: a line begins with " ", "+", "-" or "@@"'),
  cut: z.boolean().describe('there are more lines than these'),
})
export type LineDiff = z.output<typeof lineDiff>

/** One file of code or data that was added, removed or changed. */
export const fileChange = z.object({
  path: z.string(),
  change: z.enum(['added', 'removed', 'changed', 'mode']),
  diff: lineDiff.optional().describe('of text files that are small enough'),
})
export type FileChange = z.output<typeof fileChange>

/** One part of the reuse key that is not as it was in the run compared with. */
export const keyChange = z.object({
  part: z.string().describe('code, environment, parameter, data, variable, output, command, search, …'),
  name: z.string().optional().describe('of the input, variable, output or setting'),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  files: z.array(fileChange).optional(),
  files_cut: z.number().int().optional().describe('how many more files changed than are listed'),
  packages: lockChanges.shape.packages.optional(),
  python: lockChanges.shape.python,
  caused_by: z.object({ step: z.string(), job: nameSchema }).optional().describe('the step that made this data'),
})
export type KeyChange = z.output<typeof keyChange>

export interface JobWhy {
  job: string
  type: string
  status: string
  step?: string | undefined
  decision: 'reused' | 'ran' | 'undecided' | 'steps'
  reason?: RunReason | undefined
  key?: string | undefined
  from?: string | undefined
  compared_with?: string | undefined
  decided_at?: string | undefined
  changes: KeyChange[]
  steps?: JobWhy[] | undefined
}

/** The answer to "why did this run?", of a pipeline for each of its steps. */
export const jobWhy: z.ZodType<JobWhy> = z
  .object({
    job: nameSchema,
    type: z.string(),
    status: z.string(),
    step: z.string().optional(),
    decision: z
      .enum(['reused', 'ran', 'undecided', 'steps'])
      .describe('steps: see those of the pipeline or sweep; undecided: it has not come to it'),
    reason: z.enum(runReasons).optional().describe('of a step that ran'),
    key: z.string().optional().describe('reuse key'),
    from: nameSchema.optional().describe('the job whose results were taken'),
    compared_with: nameSchema.optional().describe('the earlier run of this step that is most like it'),
    decided_at: timeSchema.optional(),
    changes: z.array(keyChange),
    steps: z.lazy(() => z.array(jobWhy)).optional(),
  })
  .meta({ id: 'JobWhy' })

export const jobWhyRoutes = {
  why: route({
    operationId: 'jobs.why',
    method: 'GET',
    path: '/api/v1/jobs/:name/why',
    permission: 'job.read',
    summary: 'Why a step ran or was reused, and which part of its reuse key changed',
    params: z.object({ name: nameSchema }),
    response: jobWhy,
  }),
}
