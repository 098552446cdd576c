import { z } from 'zod'
import { literal } from './job-inputs.ts'

const bounds = {
  min_value: z.number().describe('inclusive; of the logarithm where the type has one'),
  max_value: z.number().describe('inclusive; of the logarithm where the type has one'),
}
const bell = {
  mu: z.number().describe('mean; of the logarithm where the type has one'),
  sigma: z.number().nonnegative().describe('standard deviation'),
}
const step = { q: z.number().positive().describe('values are rounded to multiples of this') }

/** Azure ML's parameter expressions: the values that a hyperparameter may take, and how likely each is. */
export const searchSpaceEntry = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('choice'), values: z.array(literal).min(1) }),
  z.strictObject({ type: z.literal('randint'), upper: z.number().int().positive().describe('exclusive') }),
  z.strictObject({ type: z.literal('uniform'), ...bounds }),
  z.strictObject({ type: z.literal('quniform'), ...bounds, ...step }),
  z.strictObject({ type: z.literal('loguniform'), ...bounds }),
  z.strictObject({ type: z.literal('qloguniform'), ...bounds, ...step }),
  z.strictObject({ type: z.literal('normal'), ...bell }),
  z.strictObject({ type: z.literal('qnormal'), ...bell, ...step }),
  z.strictObject({ type: z.literal('lognormal'), ...bell }),
  z.strictObject({ type: z.literal('qlognormal'), ...bell, ...step }),
])
export type SearchSpaceEntry = z.output<typeof searchSpaceEntry>

export const searchSpace = z.record(z.string(), searchSpaceEntry)
export type SearchSpace = z.output<typeof searchSpace>

const samplingType = z.enum(['random', 'grid', 'bayesian'])
export const samplingAlgorithm = z.union([
  samplingType,
  z.strictObject({
    type: samplingType,
    seed: z.number().int().optional().describe('the same seed gives the same draws'),
    rule: z.enum(['random', 'sobol']).optional().describe('of random only: independent draws, or the Sobol sequence'),
    logbase: literal.optional().describe('accepted; logarithms are natural, as in `e`'),
  }),
])

const interval = {
  evaluation_interval: z.number().int().nonnegative().optional().describe('every so many values of the primary metric'),
  delay_evaluation: z.number().int().nonnegative().optional().describe('the first so many values are let pass'),
}
export const earlyTermination = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('bandit'),
    ...interval,
    slack_factor: z.number().nonnegative().optional(),
    slack_amount: z.number().nonnegative().optional(),
  }),
  z.strictObject({ type: z.literal('median_stopping'), ...interval }),
  z.strictObject({
    type: z.literal('truncation_selection'),
    ...interval,
    truncation_percentage: z.number().int().min(1).max(99),
    exclude_finished_jobs: z.boolean().optional(),
  }),
])
export type EarlyTermination = z.output<typeof earlyTermination>
