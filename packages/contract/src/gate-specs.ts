import { z } from 'zod'
import { nameSchema, tagsSchema } from './core/names.ts'
import { jobInput } from './job-inputs.ts'
import { scoreMetrics } from './rollout-specs.ts'

const bound = z.number()
const share = z.number().min(0).max(1)
const column = z.string().min(1).max(500)
const label = z.union([z.string(), z.number(), z.boolean()])

/**
 * One demand. `metric` is a score that is computed on the data; with `source: run` a metric that the model's run logged, with
 * `source: component` one that the evaluation component found.
 */
export const gateMetric = z
  .strictObject({
    metric: z.string().min(1).max(250),
    source: z.enum(['data', 'run', 'component']).default('data'),
    min: bound.optional().describe('the candidate has at least this'),
    max: bound.optional().describe('the candidate has at most this'),
    min_improvement: bound
      .optional()
      .describe(
        'how much better than the champion; negative: how much worse it may be. Better is less for errors and losses',
      ),
    relative: z.boolean().default(false).describe('min_improvement as a share of what the champion has'),
    greater_is_better: z.boolean().optional().describe('needed for metrics that are not known here'),
    slices: z.boolean().default(false).describe('holds in each slice, too'),
  })
  .refine(one => one.min !== undefined || one.max !== undefined || one.min_improvement !== undefined, {
    error: 'demand something: min, max or min_improvement',
  })
  .refine(one => one.source !== 'data' || (scoreMetrics as readonly string[]).includes(one.metric), {
    error: `no score that is computed on data; allowed: ${scoreMetrics.join(', ')}, or say source: run or component`,
  })
  .refine(one => one.source === 'data' || !one.slices, { error: 'slices: only scores on data are known by slice' })
export type GateMetric = z.output<typeof gateMetric>

/** Rows that are judged by themselves: each value of a column, or each range between numbers. */
export const gateSlice = z.union([
  column.transform(name => ({ column: name, most: 20, edges: undefined })),
  z.strictObject({
    column,
    most: z.number().int().min(1).max(200).default(20).describe('the most frequent values'),
    edges: z.array(z.number()).min(1).max(100).optional().describe('numbers between which the ranges lie'),
  }),
])
export type GateSlice = z.output<typeof gateSlice>

export const gateFairness = z
  .strictObject({
    column: column.describe('the groups'),
    metric: z.enum([...scoreMetrics, 'selection_rate']),
    max_difference: z.number().min(0).optional().describe('between the best and the worst group of the candidate'),
    min_ratio: share.optional().describe('of the smallest to the largest, e.g. 0.8'),
  })
  .refine(one => one.max_difference !== undefined || one.min_ratio !== undefined, {
    error: 'demand something: max_difference or min_ratio',
  })
export type GateFairness = z.output<typeof gateFairness>

/** A gate: what a candidate has to be, by itself and beside the champion, on the same data. */
export const gateSpec = z
  .strictObject({
    $schema: z.string().optional(),
    name: nameSchema,
    description: z.string().max(10_000).optional(),
    tags: tagsSchema.optional(),
    data: z
      .string()
      .min(1)
      .max(1000)
      .optional()
      .describe('a table: azureml:<data>:<version>, @label, or any path to data'),
    target: column.optional().describe('the column with the truth'),
    drop: z.array(column).max(1000).default([]).describe('columns that the models do not get'),
    positive: label.optional().describe('the class that counts as positive; 1 when it is not said'),
    threshold: share.default(0.5).describe('from which probability on a prediction is the positive class'),
    metrics: z.array(gateMetric).max(50).default([]),
    slices: z.array(gateSlice).max(20).default([]),
    minimum_rows: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(30)
      .describe('a slice or group with fewer is not judged'),
    fairness: z.array(gateFairness).max(20).default([]),
    latency: z
      .strictObject({
        p50_ms: z.number().positive().optional(),
        p99_ms: z.number().positive().optional(),
        max_increase: z.number().optional().describe('of the p99 over that of the champion, as a share'),
        rows: z.number().int().min(10).max(10_000).default(200).describe('single rows that are timed'),
      })
      .optional(),
    size: z
      .strictObject({ max_mb: z.number().positive().optional(), max_increase: z.number().optional() })
      .optional()
      .describe('files of the model'),
    cost: z
      .strictObject({ per_hour: z.number().positive(), max_per_million: z.number().positive() })
      .optional()
      .describe('price of an hour of the machine, and of a million predicted rows'),
    decide_by: z
      .enum(['interval', 'value'])
      .default('interval')
      .describe('interval: a demand that its confidence interval neither meets nor misses is inconclusive'),
    confidence: z
      .strictObject({
        level: z.number().min(0.5).max(0.9999).default(0.95),
        resamples: z.number().int().min(100).max(20_000).default(1000),
        seed: z.number().int().min(0).max(4_294_967_295).default(0),
      })
      .default({ level: 0.95, resamples: 1000, seed: 0 }),
    evaluation: z
      .strictObject({
        component: z.string().min(1).max(1000),
        inputs: z.record(z.string(), jobInput).optional(),
      })
      .optional()
      .describe('a command component with inputs model and data, and an output metrics: a folder with metrics.json'),
    compute: z.string().optional(),
  })
  .refine(
    ({ metrics, fairness, latency, size, cost }) => [...metrics, ...fairness, latency, size, cost].some(Boolean),
    {
      error: 'say what is demanded: metrics, fairness, latency, size or cost',
    },
  )
  .refine(spec => spec.data !== undefined || !needsData(spec), {
    error: 'data: the demands are told on data: name some',
  })
  .refine(spec => spec.target !== undefined || !spec.metrics.some(({ source }) => source === 'data'), {
    error: 'target: name the column with the truth',
  })
  .refine(spec => spec.evaluation !== undefined || !spec.metrics.some(({ source }) => source === 'component'), {
    error: 'evaluation: name the component that finds these metrics',
  })
  .meta({ id: 'GateSpec' })
export type GateSpec = z.output<typeof gateSpec>

const needsData = (spec: {
  metrics: { source: string }[]
  latency?: unknown
  cost?: unknown
  fairness: unknown[]
}): boolean =>
  spec.metrics.some(({ source }) => source !== 'run') ||
  spec.latency !== undefined ||
  spec.cost !== undefined ||
  spec.fairness.length > 0
