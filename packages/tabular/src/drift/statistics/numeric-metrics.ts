import type { MetricResult } from '@hagane/contract'
import { distributionBins, hellingerBins } from './bins.ts'
import { cumulativeDistances, hellinger, jensenShannon, sharesOf, stabilityIndex } from './distances.ts'
import { smirnovPValue } from './kolmogorov.ts'
import { cohensD, deviationOf, type Moments, momentsOf, type Weighted } from './weighted.ts'

/** A metric without its verdict. */
export type Measured = Omit<MetricResult, 'breached' | 'threshold' | 'p_adjusted'>

/** Evidently's floor under the standard deviation that a Wasserstein distance is divided by. */
const LEAST_DEVIATION = 0.001

/** Every metric of a numeric column at once. Without numbers on a side no metric has a value, and each says so. */
export function numericMetrics(
  reference: Weighted,
  current: Weighted,
  whole: boolean,
  [then, now]: readonly [Moments, Moments] = [momentsOf(reference), momentsOf(current)],
): Measured[] {
  const empty = reference.total === 0 ? 'reference' : current.total === 0 ? 'current' : undefined
  if (empty !== undefined) return withoutValue(numericNames, `the ${empty} has no value here`)
  const bins = distributionBins(reference, current, whole)
  const distances = cumulativeDistances(reference, current)
  const fine = hellingerBins(reference, current, distances.different, whole)
  const effect = cohensD(then, now)
  const p = smirnovPValue(reference.total, current.total, distances.ksCounts)
  const [r, c] = [sharesOf(bins.reference, reference.total), sharesOf(bins.current, current.total)]
  const [fineR, fineC] = [sharesOf(fine.reference, reference.total), sharesOf(fine.current, current.total)]
  return [
    { metric: 'jensen_shannon_distance', value: jensenShannon(bins.reference, bins.current) },
    { metric: 'normalized_wasserstein_distance', value: normalized(distances.wasserstein, then) },
    { metric: 'population_stability_index', value: stabilityIndex(r, c) },
    {
      metric: 'two_sample_kolmogorov_smirnov_test',
      value: p,
      statistic: distances.ks,
      p_value: p,
      ...(effect === undefined ? {} : { effect_size: effect }),
    },
    { metric: 'hellinger_distance', value: hellinger(fineR, fineC) },
  ]
}

/** W1 over the standard deviation of the reference, at least 0.001, as Evidently. */
export const normalized = (wasserstein: number, reference: Moments): number =>
  wasserstein / Math.max(deviationOf(reference), LEAST_DEVIATION)

const numericNames = [
  'jensen_shannon_distance',
  'normalized_wasserstein_distance',
  'population_stability_index',
  'two_sample_kolmogorov_smirnov_test',
  'hellinger_distance',
] as const

export const withoutValue = (metrics: readonly Measured['metric'][], reason: string): Measured[] =>
  metrics.map(metric => ({ metric, value: null, reason }))
