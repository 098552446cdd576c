import { z } from 'zod'
import { isoDuration } from './core/iso-duration.ts'
import {
  categoricalDriftMetrics,
  dataQualityMetrics,
  driftMetricAliases,
  driftMetricNames,
  numericDriftMetrics,
  textDriftMetrics,
} from './drift-metrics.ts'

/** Spellings of Azure ML's documentation beside those of its schema. */
const olderNames: Readonly<Record<string, string>> = {
  two_sample_kolmogorov_test: 'two_sample_kolmogorov_smirnov_test',
  out_of_bound_rate: 'out_of_bounds_rate',
}

/** The name by which a metric is known here. */
export const metricNamed = (name: string): string =>
  olderNames[name] ?? (driftMetricAliases as Readonly<Record<string, string>>)[name] ?? name

export const monitoredScores = [
  ...(['accuracy', 'precision', 'recall', 'f1', 'roc_auc', 'log_loss'] as const),
  ...(['mean_absolute_error', 'mean_squared_error', 'root_mean_squared_error'] as const),
] as const

const numbers = <const T extends readonly string[]>(names: T) => {
  const other = [...Object.keys(olderNames), ...Object.keys(driftMetricAliases)]
  const all: readonly string[] = [...names, ...other.filter(name => names.includes(metricNamed(name)))]
  return z.strictObject(Object.fromEntries(all.map(name => [name, z.number().optional()])))
}

const contexts = [
  ...(['model_inputs', 'model_outputs', 'model_inputs_outputs'] as const),
  ...(['training', 'test', 'validation', 'ground_truth'] as const),
] as const

const time = z
  .string()
  .refine(
    text => !Number.isNaN(Date.parse(text)),
    'a date or time in ISO 8601, such as 2026-05-01 or 2026-05-01T00:00:00Z',
  )

export const dataWindow = z
  .strictObject({
    lookback_window_size: z.union([z.literal('default'), isoDuration]).optional(),
    lookback_window_offset: z.union([z.literal('default'), isoDuration]).optional(),
    window_start: time.optional().describe('a fixed window'),
    window_end: time.optional(),
    window_start_date: time.optional().describe('the same as window_start'),
    window_end_date: time.optional(),
    rows: z.number().int().min(1).max(10_000_000).optional().describe('the newest rows instead of a time'),
  })
  .meta({ id: 'MonitorDataWindow' })
export type DataWindow = z.output<typeof dataWindow>

const inputData = z.strictObject({
  path: z.string().min(1),
  type: z.enum(['mltable', 'uri_folder', 'uri_file']).optional(),
  mode: z.string().optional(),
})

export const monitorData = z
  .strictObject({
    input_data: inputData.optional().describe('a table; without it what the deployment collects'),
    data_context: z.enum(contexts).optional(),
    pre_processing_component: z.string().optional().describe('turns the data into a table first'),
    data_window: dataWindow.optional(),
    data_window_size: isoDuration.optional().describe('the same as data_window.lookback_window_size'),
    data_column_names: z
      .record(z.string(), z.string())
      .optional()
      .describe('target_column, prediction, prediction_probability, correlation_id, timestamp'),
    target_column_name: z.string().optional().describe('the same as data_column_names.target_column'),
  })
  .meta({ id: 'MonitorData' })
export type MonitorData = z.output<typeof monitorData>

const features = z.union([
  z.literal('all_features'),
  z.strictObject({ top_n_feature_importance: z.number().int().min(1).max(10_000) }),
  z.array(z.string().min(1)).min(1).max(10_000),
])
export type MonitoredFeatures = z.output<typeof features>

const common = {
  alert_enabled: z.boolean().default(true),
  properties: z.record(z.string(), z.unknown()).optional(),
  minimum_rows: z.number().int().min(1).optional().describe('fewer rows are not judged; 30 without it'),
}
const withData = { ...common, production_data: monitorData.optional(), reference_data: monitorData.optional() }
const segment = z.strictObject({ feature_name: z.string(), feature_values: z.array(z.unknown()).min(1) })

const correction = z.enum(['none', 'benjamini-hochberg', 'bonferroni']).optional()

/** Thresholds by kind of feature, and of single features over those. */
const driftLimits = z.strictObject({
  numerical: numbers(numericDriftMetrics).optional(),
  categorical: numbers(categoricalDriftMetrics).optional(),
  text: numbers(textDriftMetrics).optional(),
  features: z.record(z.string(), numbers(driftMetricNames)).optional().describe('of single features'),
  drift_share: z.number().min(0).max(1).optional().describe('of features that drifted'),
  correction: correction.describe('of p-values over the features; Benjamini-Hochberg without it'),
})
const qualityLimits = z.strictObject({
  numerical: numbers(dataQualityMetrics).optional(),
  categorical: numbers(dataQualityMetrics).optional(),
  features: z.record(z.string(), numbers(dataQualityMetrics)).optional().describe('of single features'),
  freshness: isoDuration.optional().describe('longest time since the newest row'),
  volume_ratio: z.number().min(0).optional().describe('fewest rows for each row of the reference'),
  duplicate_row_rate: z.number().min(0).max(1).optional(),
  minimum_rows: z.number().int().min(0).optional().describe('fewest rows in a window'),
  schema_changes: z
    .boolean()
    .optional()
    .describe('whether columns that are gone, new or of another type are findings; true without it'),
})

const driftSignal = {
  ...withData,
  features: features.optional(),
  data_segment: segment.optional(),
  metric_thresholds: driftLimits.optional(),
}

const performanceThresholds = z.strictObject({
  classification: numbers(monitoredScores).optional(),
  tabular_classification: numbers(monitoredScores).optional(),
  regression: numbers(monitoredScores).optional(),
  tabular_regression: numbers(monitoredScores).optional(),
})

const signals = [
  z.strictObject({ type: z.literal('data_drift'), ...driftSignal }),
  z.strictObject({ type: z.literal('prediction_drift'), ...driftSignal }),
  z.strictObject({
    type: z.literal('data_quality'),
    ...withData,
    features: features.optional(),
    data_segment: segment.optional(),
    metric_thresholds: qualityLimits.optional(),
  }),
  z.strictObject({
    type: z.literal('feature_attribution_drift'),
    ...withData,
    production_data: z.union([monitorData, z.array(monitorData)]).optional(),
    metric_thresholds: z.strictObject({ normalized_discounted_cumulative_gain: z.number().optional() }).optional(),
  }),
  z.strictObject({
    type: z.literal('model_performance'),
    ...withData,
    data_segment: segment.optional(),
    slices: z.array(z.string().min(1)).max(20).optional().describe('columns whose values are scored apart'),
    metric_thresholds: performanceThresholds.optional(),
  }),
  z.strictObject({
    type: z.literal('estimated_performance'),
    ...withData,
    metric_thresholds: performanceThresholds.optional(),
  }),
  z.strictObject({
    type: z.literal('multivariate_drift'),
    ...withData,
    features: features.optional(),
    metric_thresholds: z
      .strictObject({
        reconstruction_error: z
          .number()
          .optional()
          .describe('mean distance between rows and what the reference makes of them'),
        domain_classifier_auc: z.number().optional(),
      })
      .optional(),
  }),
  z.strictObject({
    type: z.literal('custom'),
    ...common,
    component_id: z.string().min(1),
    input_data: z.record(z.string(), monitorData).optional(),
    inputs: z.record(z.string(), z.unknown()).optional(),
    connection: z.unknown().optional(),
    compute: z.string().optional(),
    metric_thresholds: z.array(z.strictObject({ metric_name: z.string(), threshold: z.number().optional() })),
  }),
  z.looseObject({ type: z.literal('generation_safety_quality') }),
  z.looseObject({ type: z.literal('generation_token_statistics') }),
] as const

/** What a monitor looks at: Azure ML's signals, and Hagane's estimated_performance and multivariate_drift. */
export const monitorSignal = z.discriminatedUnion('type', signals).meta({ id: 'MonitorSignal' })
export type MonitorSignal = z.output<typeof monitorSignal>
export type SignalType = MonitorSignal['type']
export type SignalOf<T extends SignalType> = Extract<MonitorSignal, { type: T }>

/** Signals that only Azure can judge, with the reason. */
export const serviceSignals: Readonly<Record<string, string>> = {
  generation_safety_quality: 'it asks a language model of Azure OpenAI to judge each answer, which is not known here',
  generation_token_statistics: 'it counts the tokens of prompt flow, which does not run here',
}
