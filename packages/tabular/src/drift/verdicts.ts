import {
  type DriftMetricName,
  type DriftReport,
  type DriftThresholds,
  type FeatureDrift,
  isTestMetric,
  type MetricResult,
} from '@hagane/contract'
import type { MeasuredFeature } from './measured.ts'
import { corrected } from './statistics/correction.ts'
import type { Measured } from './statistics/numeric-metrics.ts'

/** Rows of the reference up to which tests decide, and distances beyond: with many rows a test sees every trifle. As Evidently. */
const FEW_ROWS = 1000
/** Share of drifted features from which the table has drifted; as Evidently. */
const DRIFT_SHARE = 0.5
const SIGNIFICANCE = 0.05
const DISTANCE = 0.1
const DOMAIN_CLASSIFIER = 0.55

type Limits = Partial<Record<DriftMetricName, number>>

/**
 * Which metrics decide, and from where on: what the caller set for the feature, then for its kind, then one metric that decides by default.
 * Of times none does: they always move.
 */
function limitsOf({ feature, kind, metrics }: MeasuredFeature, thresholds: DriftThresholds, rows: number): Limits {
  const own: Limits | undefined = Object.hasOwn(thresholds.features ?? {}, feature)
    ? thresholds.features?.[feature]
    : undefined
  const set = kind === 'text' ? thresholds.text : kind === 'numeric' ? thresholds.numerical : thresholds.categorical
  const ofKind: Limits =
    kind === 'time' ? {} : (set ?? (own === undefined ? decidingByDefault(kind, metrics, rows) : {}))
  return { ...thresholds.data_quality, ...ofKind, ...own }
}

function decidingByDefault(kind: MeasuredFeature['kind'], metrics: readonly Measured[], rows: number): Limits {
  if (kind === 'text') {
    const chance = metrics.find(({ metric }) => metric === 'domain_classifier_auc')?.statistic // few texts reach more by chance
    return { domain_classifier_auc: chance ?? DOMAIN_CLASSIFIER }
  }
  if (kind === 'numeric')
    return rows <= FEW_ROWS
      ? { two_sample_kolmogorov_smirnov_test: SIGNIFICANCE }
      : { normalized_wasserstein_distance: DISTANCE }
  if (rows > FEW_ROWS) return { jensen_shannon_distance: DISTANCE }
  return metrics.some(({ metric }) => metric === 'two_proportion_z_test')
    ? { two_proportion_z_test: SIGNIFICANCE }
    : { chi_squared_test: SIGNIFICANCE }
}

/** Says of each metric whether it is a breach, with the p-values corrected over all features that have the same test. */
export function judged(
  measured: readonly MeasuredFeature[],
  thresholds: DriftThresholds,
  referenceRows: number,
): FeatureDrift[] {
  const adjusted = adjustedValues(measured, thresholds.correction ?? 'benjamini-hochberg')
  return measured.map((one): FeatureDrift => {
    const limits = limitsOf(one, thresholds, referenceRows)
    const verdict = (result: Measured) => withVerdict(result, limits[result.metric], adjusted.get(result))
    const metrics = one.metrics.map(verdict)
    return {
      feature: one.feature,
      kind: one.kind,
      drifted: metrics.some(({ breached }) => breached),
      metrics: [...metrics, ...one.quality.map(verdict)],
      reference: one.reference,
      current: one.current,
      ...(one.histogram === undefined ? {} : { histogram: one.histogram }),
      ...(one.new_categories === undefined ? {} : { new_categories: one.new_categories }),
    }
  })
}

function adjustedValues(
  measured: readonly MeasuredFeature[],
  correction: NonNullable<DriftThresholds['correction']>,
): Map<Measured, number> {
  const tests = Map.groupBy(
    measured.flatMap(({ metrics }) => metrics.filter(({ p_value }) => p_value !== undefined)),
    ({ metric }) => metric,
  )
  const adjusted = new Map<Measured, number>()
  for (const results of tests.values()) {
    const values = corrected(
      results.map(({ p_value }) => p_value ?? 1),
      correction,
    )
    for (const [i, result] of results.entries()) adjusted.set(result, values[i] as number)
  }
  return adjusted
}

function withVerdict(measured: Measured, threshold: number | undefined, adjusted: number | undefined): MetricResult {
  const { metric, value } = measured
  const compared = isTestMetric(metric) ? (adjusted ?? value) : value
  const breached =
    threshold !== undefined && compared !== null && (smallIsBad(metric) ? compared < threshold : compared > threshold)
  return {
    ...measured,
    ...(adjusted === undefined ? {} : { p_adjusted: adjusted }),
    ...(threshold === undefined ? {} : { threshold }),
    breached,
  }
}

const smallIsBad = (metric: DriftMetricName): boolean => isTestMetric(metric) || metric === 'volume_ratio'

/** The report on two tables whose features are judged. Times do not count for the share that drifted. */
export function reportOf(
  sides: Pick<DriftReport, 'reference' | 'current' | 'exact' | 'only_reference' | 'only_current'>,
  features: readonly FeatureDrift[],
  table: readonly Measured[],
  thresholds: DriftThresholds,
): DriftReport {
  const counted = features.filter(({ kind }) => kind !== 'time')
  const share = counted.length === 0 ? 0 : counted.filter(({ drifted }) => drifted).length / counted.length
  const limit = thresholds.table?.drift_share ?? DRIFT_SHARE
  const drifted = share > 0 && share >= limit
  return {
    ...sides,
    drifted,
    table: [
      { metric: 'drift_share', value: share, threshold: limit, breached: drifted },
      ...table.map(one => withVerdict(one, thresholds.table?.[one.metric as 'freshness'], undefined)),
    ],
    features: [...features],
  }
}
