import { categoricalDriftMetrics } from '@hagane/contract'
import type { PairedCounts } from './bins.ts'
import { chiSquaredTest, cramersV, twoProportionTest } from './categories.ts'
import { hellinger, jensenShannon, largestDifference, sharesOf, stabilityIndex, sumOf } from './distances.ts'
import { type Measured, withoutValue } from './numeric-metrics.ts'

/** Every metric of a column of categories at once, from how often each stands on either side. The z test is for two categories. */
export function categoryMetrics({ reference, current }: PairedCounts): Measured[] {
  const names = categoricalDriftMetrics.filter(name => name !== 'two_proportion_z_test' || reference.length <= 2)
  const [n, m] = [sumOf(reference), sumOf(current)]
  if (n === 0 || m === 0) return withoutValue(names, `the ${n === 0 ? 'reference' : 'current'} has no value here`)
  const [r, c] = [sharesOf(reference, n), sharesOf(current, m)]
  const test = chiSquaredTest(reference, current, n, m)
  return [
    { metric: 'jensen_shannon_distance', value: jensenShannon(reference, current) },
    { metric: 'population_stability_index', value: stabilityIndex(r, c) },
    {
      metric: 'chi_squared_test',
      value: test.p_value,
      ...finite('statistic', test.statistic),
      p_value: test.p_value,
      effect_size: cramersV(reference, current, n, m),
    },
    { metric: 'hellinger_distance', value: hellinger(r, c) },
    { metric: 'l_infinity_distance', value: largestDifference(r, c) },
    ...(reference.length <= 2 ? [proportions({ reference, current }, n, m)] : []),
  ]
}

/** JSON has no infinity: a statistic that is infinite is left out, its p-value is 0. */
const finite = (name: 'statistic', value: number) => (Number.isFinite(value) ? { [name]: value } : {})

function proportions({ reference, current }: PairedCounts, n: number, m: number): Measured {
  const test = twoProportionTest(n, n - (reference[0] ?? 0), m, m - (current[0] ?? 0))
  return { metric: 'two_proportion_z_test', value: test.p_value, statistic: test.statistic, p_value: test.p_value }
}
