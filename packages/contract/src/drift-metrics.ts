import { z } from 'zod'

/** What a numeric column is measured by; the names are Azure ML's, then Evidently's. */
export const numericDriftMetrics = [
  'jensen_shannon_distance',
  'normalized_wasserstein_distance',
  'population_stability_index',
  'two_sample_kolmogorov_smirnov_test',
  'hellinger_distance',
] as const
/** What a column of categories is measured by. `two_proportion_z_test` is for two categories only. */
export const categoricalDriftMetrics = [
  'jensen_shannon_distance',
  'population_stability_index',
  'chi_squared_test',
  'hellinger_distance',
  'l_infinity_distance',
  'two_proportion_z_test',
] as const
/** What a column of free text is measured by. */
export const textDriftMetrics = ['text_length_distance', 'out_of_vocabulary_rate', 'domain_classifier_auc'] as const
export const dataQualityMetrics = [
  'null_value_rate',
  'data_type_error_rate',
  'out_of_bounds_rate',
  'new_category_rate',
] as const
/** What a whole table is measured by. Freshness is seconds since the newest row, volume the rows of now per row of then. */
export const tableMetrics = ['volume_ratio', 'duplicate_row_rate', 'freshness', 'drift_share'] as const

export const driftMetricNames = [
  ...new Set([
    ...numericDriftMetrics,
    ...categoricalDriftMetrics,
    ...textDriftMetrics,
    ...dataQualityMetrics,
    ...tableMetrics,
  ]),
] as const
export type DriftMetricName = (typeof driftMetricNames)[number]

/** Other names under which the same metric is known: Azure's SDK, its documentation, Vertex AI. */
export const driftMetricAliases: Readonly<Record<string, DriftMetricName>> = {
  pearsons_chi_squared_test: 'chi_squared_test',
  chebyshev_distance: 'l_infinity_distance',
  l_infinity: 'l_infinity_distance',
}

/** Metrics that are p-values of a test: small means drift. */
export const isTestMetric = (metric: DriftMetricName): boolean => metric.endsWith('_test')

export const columnKinds = ['numeric', 'categorical', 'text', 'boolean', 'time'] as const
export const columnKind = z.enum(columnKinds)
export type ColumnKind = z.output<typeof columnKind>

const limits = <const Names extends readonly [string, ...string[]]>(names: Names) =>
  z.partialRecord(z.enum(names), z.number())

/**
 * When a metric is a breach. A distance or rate breaches above its threshold, a test below it, volume below it. Where nothing is said, one
 * metric of each kind decides (`docs/guides/drift-metrics.md` says which), and the others are told without a verdict.
 */
export const driftThresholds = z
  .strictObject({
    numerical: limits(numericDriftMetrics).optional(),
    categorical: limits(categoricalDriftMetrics).optional(),
    text: limits(textDriftMetrics).optional(),
    data_quality: limits(dataQualityMetrics).optional(),
    table: limits(tableMetrics).optional(),
    features: z
      .record(z.string(), z.partialRecord(z.enum(driftMetricNames), z.number()))
      .optional()
      .describe('thresholds of one feature; they win over those of its kind'),
    correction: z
      .enum(['none', 'benjamini-hochberg', 'bonferroni'])
      .optional()
      .describe('of p-values over the features of one test; Benjamini-Hochberg without it'),
  })
  .meta({ id: 'DriftThresholds' })
export type DriftThresholds = z.output<typeof driftThresholds>

/** One number about one feature, or about the table. */
export const metricResult = z
  .object({
    metric: z.enum(driftMetricNames),
    value: z.number().nullable().describe('null where the data does not say, for example of an empty column'),
    statistic: z.number().optional().describe('of a test, whose value is its p-value'),
    p_value: z.number().optional(),
    p_adjusted: z.number().optional().describe('p-value after the correction for many features'),
    effect_size: z.number().optional().describe("Cohen's d of numbers, Cramer's V of categories"),
    threshold: z.number().optional(),
    breached: z.boolean(),
    reason: z.string().optional().describe('why there is no value'),
  })
  .meta({ id: 'MetricResult' })
export type MetricResult = z.output<typeof metricResult>

export const featureSummary = z
  .object({
    count: z.number().describe('values that are there and finite'),
    nulls: z.number().describe('missing values; NaN is missing'),
    infinite: z.number(),
    type_errors: z.number().describe('values that are not of the type of the reference'),
    min: z.number().optional(),
    max: z.number().optional(),
    mean: z.number().optional(),
    std: z.number().optional().describe('of the population'),
    distinct: z.number().optional(),
    top: z.array(z.object({ value: z.string(), count: z.number() })).optional(),
  })
  .meta({ id: 'FeatureSummary' })
export type FeatureSummary = z.output<typeof featureSummary>

export const pairedHistogram = z
  .object({
    edges: z.array(z.number()),
    reference: z.array(z.number()).describe('share of the values in each bin; the outer bins hold what lies beyond'),
    current: z.array(z.number()),
  })
  .meta({ id: 'PairedHistogram' })
export type PairedHistogram = z.output<typeof pairedHistogram>

export const driftSlice = z
  .object({
    where: z.array(
      z.object({ column: z.string(), value: z.string().describe('a category, or a range such as [3, 7)') }),
    ),
    reference_share: z.number(),
    current_share: z.number(),
    value: z.number().describe('drift inside the slice, by the metric that decides'),
    excess: z.number().describe('how much of the drift of the whole disappears without the slice'),
  })
  .meta({ id: 'DriftSlice' })
export type DriftSlice = z.output<typeof driftSlice>

export const featureDrift = z
  .object({
    feature: z.string(),
    kind: columnKind,
    drifted: z.boolean(),
    metrics: z.array(metricResult),
    reference: featureSummary,
    current: featureSummary,
    histogram: pairedHistogram.optional().describe('of numbers, to be looked at'),
    new_categories: z.array(z.object({ value: z.string(), count: z.number() })).optional(),
    slice: driftSlice.optional().describe('the part of the table that moved most'),
    rows: z.array(z.string()).optional().describe('ids of the rows furthest from the reference'),
  })
  .meta({ id: 'FeatureDrift' })
export type FeatureDrift = z.output<typeof featureDrift>

/** Two tables compared by every metric at once. */
export const driftReport = z
  .object({
    reference: z.object({ name: z.string().optional(), rows: z.number() }),
    current: z.object({ name: z.string().optional(), rows: z.number() }),
    exact: z.boolean().describe('false when it was made from profiles, whose resolution bounds it'),
    drifted: z.boolean().describe('whether drift_share breaches its threshold'),
    table: z.array(metricResult),
    features: z.array(featureDrift),
    only_reference: z.array(z.string()).describe('columns that are gone'),
    only_current: z.array(z.string()).describe('columns that are new'),
  })
  .meta({ id: 'DriftReport' })
export type DriftReport = z.output<typeof driftReport>

export const monitoringSignals = [
  'data_drift',
  'prediction_drift',
  'data_quality',
  'feature_attribution_drift',
  'model_performance',
  'estimated_performance',
  'multivariate_drift',
  'custom',
] as const
export type MonitoringSignal = (typeof monitoringSignals)[number]
/** What a monitor found, one for each metric that it looked at. */
export const metricFinding = z
  .object({
    signal: z.string().describe('name of the signal'),
    feature: z.string().optional(),
    metric: z.string(),
    value: z.number().nullable(),
    threshold: z.number().optional(),
    breached: z.boolean(),
    p_value: z.number().optional(),
    effect_size: z.number().optional(),
    slice: driftSlice.optional(),
    rows: z.array(z.string()).optional().describe('row ids of the most extreme predictions'),
  })
  .meta({ id: 'MetricFinding' })
export type MetricFinding = z.output<typeof metricFinding>
