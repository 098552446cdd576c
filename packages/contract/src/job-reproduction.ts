import { z } from 'zod'
import { nameSchema, timeSchema } from './core/names.ts'
import { route } from './core/route.ts'
import { environmentRef, jobInput } from './job-inputs.ts'
import { keyChange } from './job-why.ts'
import { jobResource } from './jobs.ts'

/** From best to worst. `failed`: the reproduction did not complete, so that there is nothing to compare. */
export const verdicts = ['bitwise', 'tolerance', 'different', 'failed'] as const
export type Verdict = (typeof verdicts)[number]

/** Two numbers are equal within tolerance when |a − b| ≤ atol + rtol · |b|, as in NumPy's `allclose`. */
export const tolerance = z.strictObject({
  rtol: z.number().min(0).default(1e-5),
  atol: z.number().min(0).default(1e-8),
})
export type Tolerance = z.output<typeof tolerance>

const judgement = {
  verdict: z.enum(verdicts),
  detail: z.string().optional().describe('what differs, in words'),
}
/** One output, metric or artifact of one step, then and now. */
export const comparison = z.object({
  step: z.string().describe('path of the step in the pipeline; empty for the job itself'),
  kind: z.enum(['output', 'metric', 'artifact', 'status']),
  name: z.string(),
  ...judgement,
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  files: z
    .array(z.object({ path: z.string(), ...judgement }))
    .optional()
    .describe('those that are not bitwise equal'),
})
export type Comparison = z.output<typeof comparison>

/** Something that was not as it was, or the finding that nothing was. */
export const cause = z.object({
  step: z.string(),
  kind: z
    .string()
    .describe('a part of the reuse key (code, environment, data, …), host, upstream, address, or not-deterministic'),
  text: z.string(),
  change: keyChange.optional(),
})
export type Cause = z.output<typeof cause>

export const jobReproduction = z
  .object({
    job: nameSchema,
    of: nameSchema.describe('the job that is reproduced'),
    status: z.string(),
    verdict: z.enum(verdicts).optional().describe('once the job has ended'),
    tolerance,
    changed: z.array(z.string()).describe('what was asked to be other than it was'),
    comparisons: z.array(comparison),
    causes: z.array(cause),
    same: z.array(z.string()).describe('parts of the record that are the same in every step'),
    judged_at: timeSchema.optional(),
  })
  .meta({ id: 'JobReproduction' })
export type JobReproduction = z.output<typeof jobReproduction>

const params = z.object({ name: nameSchema })
export const jobReproductionRoutes = {
  reproduce: route({
    operationId: 'jobs.reproduce',
    method: 'POST',
    path: '/api/v1/jobs/:name/reproduce',
    permission: 'job.write',
    summary: 'Run a job, or one step, again from what was recorded of it, and compare the results',
    params,
    body: z.strictObject({
      name: nameSchema.optional().describe('of the new job'),
      inputs: z.record(z.string(), jobInput).default({}).describe('values to take instead of the recorded ones'),
      environment: environmentRef.optional().describe('to run in instead of the recorded lock'),
      from_sources: z
        .boolean()
        .default(false)
        .describe('read data from where it came from again, instead of the recorded content'),
      tolerance: tolerance.optional(),
    }),
    response: jobResource,
    status: 201,
    idempotent: true,
  }),
  reproduction: route({
    operationId: 'jobs.reproduction',
    method: 'GET',
    path: '/api/v1/jobs/:name/reproduction',
    permission: 'job.read',
    summary: 'How a reproduction compares with the job that it reproduces',
    params,
    response: jobReproduction,
  }),
}
