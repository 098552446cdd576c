import { z } from 'zod'

/** What a job would do: every reference resolved, every step laid out. Nothing is stored. */
const plannedJob = z.object({
  step: z.string().optional().describe('node key in the parent pipeline, or trial'),
  type: z.enum(['command', 'pipeline', 'sweep']),
  display_name: z.string().optional(),
  compute: z.string().optional(),
  after: z.array(z.string()).optional().describe('steps it waits for'),
  component: z.object({ name: z.string(), version: z.string(), digest: z.string() }).optional(),
  command: z.string().optional(),
  code: z.object({ tree: z.string(), path: z.string() }).optional(),
  environment: z
    .object({
      id: z.string().optional(),
      definition: z.string(),
      lock: z.string().optional().describe('absent: it is locked when the first step needs it'),
    })
    .optional(),
  environment_variables: z.record(z.string(), z.string()).optional(),
  inputs: z.record(z.string(), z.unknown()),
  outputs: z.record(z.string(), z.unknown()),
  search: z.record(z.string(), z.string()).optional(),
  timeout: z.number().optional().describe('seconds'),
  reusable: z.boolean().optional().describe('its result may be taken from an earlier identical step'),
})
export interface PlannedJobResource extends z.output<typeof plannedJob> {
  jobs?: PlannedJobResource[]
}
export const plannedJobResource: z.ZodType<PlannedJobResource> = plannedJob
  .extend({ jobs: z.lazy(() => z.array(plannedJobResource)).optional() })
  .meta({ id: 'PlannedJob' }) as z.ZodType<PlannedJobResource>

/** What Azure ML accepts and is worth telling, each text beginning with the property it is about. */
const warnings = z.array(z.string()).describe('`jobs.train.inputs.lr: text`')

export const jobPlan = z.object({ job: plannedJobResource, warnings }).meta({ id: 'JobPlan' })
export type JobPlan = z.output<typeof jobPlan>

export const jobValidation = z.object({ ok: z.literal(true), warnings }).meta({ id: 'JobValidation' })
