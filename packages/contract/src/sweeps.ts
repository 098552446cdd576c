import { z } from 'zod'
import { jobStatuses } from './job-statuses.ts'

/** A trial as its sweep sees it. */
export const sweepTrial = z.object({
  name: z.string(),
  number: z.number().int().describe('from 0, in the order of creation'),
  status: z.enum(jobStatuses),
  parameters: z.record(z.string(), z.string()),
  value: z.number().optional().describe('the best value of the primary metric so far'),
  intervals: z.number().int().describe('how many values of the primary metric it has logged'),
  stopped: z.string().optional().describe('why the early termination policy stopped it'),
})
export type SweepTrial = z.output<typeof sweepTrial>

/** How a sweep stands. */
export const sweepState = z.object({
  goal: z.enum(['minimize', 'maximize']),
  primary_metric: z.string(),
  trials: z.object({
    total: z.number().int().describe('begun so far'),
    most: z.number().int().describe('how many there can be'),
    running: z.number().int(),
    completed: z.number().int(),
    stopped: z.number().int().describe('by the early termination policy'),
    failed: z.number().int(),
    canceled: z.number().int(),
  }),
  best: sweepTrial.optional(),
})
export type SweepState = z.output<typeof sweepState>
