import type { ColumnKind, FeatureDrift, FeatureSummary } from '@hagane/contract'
import type { Measured } from './statistics/numeric-metrics.ts'

/** A feature that was measured and not judged yet. */
export interface MeasuredFeature {
  readonly feature: string
  readonly kind: ColumnKind
  readonly metrics: readonly Measured[]
  readonly quality: readonly Measured[]
  readonly reference: FeatureSummary
  readonly current: FeatureSummary
  readonly histogram?: FeatureDrift['histogram']
  readonly new_categories?: FeatureDrift['new_categories']
}

/** Counts from which the metrics of data quality follow. */
export interface QualityCounts {
  readonly rows: number
  readonly present: number
  readonly nulls: number
  readonly typeErrors: number
  /** Values outside the range, or the categories, of the reference. */
  readonly outside: number
  /** Undefined for numbers. */
  readonly newCategories?: number
}

/**
 * Azure ML's three rates and that of new categories. Missing values and values of a wrong type are counted by rows, what is out of bounds by the
 * values that are there.
 */
export function qualityMetrics({
  rows,
  present,
  nulls,
  typeErrors,
  outside,
  newCategories,
}: QualityCounts): Measured[] {
  const rate = (metric: Measured['metric'], part: number, whole: number): Measured =>
    whole === 0 ? { metric, value: null, reason: 'there are no values' } : { metric, value: part / whole }
  return [
    rate('null_value_rate', nulls, rows),
    rate('data_type_error_rate', typeErrors, rows),
    rate('out_of_bounds_rate', outside, present),
    ...(newCategories === undefined ? [] : [rate('new_category_rate', newCategories, present)]),
  ]
}
