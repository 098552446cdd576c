import { z } from 'zod'

export const classificationMetrics = ['accuracy', 'precision', 'recall', 'f1', 'roc_auc', 'log_loss'] as const
export const regressionMetrics = [
  'mean_absolute_error',
  'mean_squared_error',
  'root_mean_squared_error',
  'r2_score',
] as const
export const performanceMetricNames = [...classificationMetrics, ...regressionMetrics] as const
export type PerformanceMetricName = (typeof performanceMetricNames)[number]

/** Metrics where less is better. */
export const isLossMetric = (metric: PerformanceMetricName): boolean =>
  metric === 'log_loss' || metric.endsWith('_error')

export const measuredPerformance = z
  .object({
    metric: z.enum(performanceMetricNames),
    value: z.number().nullable(),
    low: z.number().optional().describe('lower end of the confidence interval'),
    high: z.number().optional(),
    reason: z.string().optional().describe('why there is no value'),
  })
  .meta({ id: 'MeasuredPerformance' })
export type MeasuredPerformance = z.output<typeof measuredPerformance>

/** How good predictions were, once their labels are known. */
export const performanceReport = z
  .object({
    task: z.enum(['classification', 'regression']),
    rows: z.number().describe('predictions'),
    labelled: z.number().describe('of them with a label and a prediction'),
    confidence: z.number(),
    metrics: z.array(measuredPerformance),
    slices: z.array(
      z.object({ column: z.string(), value: z.string(), labelled: z.number(), metrics: z.array(measuredPerformance) }),
    ),
  })
  .meta({ id: 'PerformanceReport' })
export type PerformanceReport = z.output<typeof performanceReport>

/** How good predictions are likely to be, before their labels are known. */
export const estimateReport = z
  .object({
    task: z.enum(['classification', 'regression']),
    method: z.enum(['cbpe', 'dle']),
    reference_rows: z.number(),
    rows: z.number(),
    calibrated: z.boolean().describe('whether the scores had to be turned into probabilities first'),
    metrics: z.array(
      z.object({
        metric: z.enum(performanceMetricNames),
        estimated: z.number().nullable(),
        reference: z.number().nullable().describe('the same metric of the reference, from its labels'),
        sampling_error: z.number().optional().describe('standard error for so many rows'),
        reason: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'EstimateReport' })
export type EstimateReport = z.output<typeof estimateReport>

/** Whether rows as a whole look different, where no single column does. */
export const multivariateReport = z
  .object({
    features: z.array(z.string()),
    rows: z.object({ reference: z.number(), current: z.number() }).describe('rows that were looked at'),
    reconstruction: z.object({
      components: z.number(),
      reference_error: z.number().nullable(),
      current_error: z.number().nullable(),
      low: z.number().optional().describe('the errors of parts of the reference lie between low and high'),
      high: z.number().optional(),
      deviations: z.number().optional().describe('standard deviations, of parts of the reference, from the reference'),
      breached: z.boolean().describe('more than three of them'),
    }),
    domain_classifier: z.object({
      auc: z.number().nullable(),
      threshold: z.number(),
      p_value: z.number().optional(),
      breached: z.boolean(),
      importance: z
        .array(z.object({ feature: z.string(), share: z.number() }))
        .describe('by what the sides are told apart'),
    }),
    extreme_rows: z.array(z.string()).optional().describe('ids of the rows that are reconstructed worst'),
  })
  .meta({ id: 'MultivariateReport' })
export type MultivariateReport = z.output<typeof multivariateReport>
