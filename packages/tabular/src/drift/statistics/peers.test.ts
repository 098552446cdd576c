import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type CategorySpec, categoriesOf, type NumericSpec, numbersOf } from '../../../test/peers/case-values.ts'
import { categoryMetrics } from './category-metrics.ts'
import { corrected } from './correction.ts'
import { type Measured, numericMetrics } from './numeric-metrics.ts'
import { deviationOf, momentsOf, type Weighted, weightedOf } from './weighted.ts'

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../../test/peers/${name}`, import.meta.url), 'utf8'))
const cases: {
  numeric: { name: string; reference: NumericSpec; current: NumericSpec }[]
  categorical: { name: string; reference: CategorySpec; current: CategorySpec }[]
} = read('cases.json')
const evidently: {
  numeric: Record<string, Record<string, number>>
  categorical: Record<string, Record<string, number | null>>
  benjamini_hochberg: [number[], number[]][]
} = read('evidently.json')

const weighted = (spec: NumericSpec): Weighted =>
  weightedOf(
    Float64Array.from(numbersOf(spec).filter(value => value !== null && Number.isFinite(value)) as number[]).sort(),
  )
const isWhole = ({ shape, missingEach }: NumericSpec) => shape === 'integers' && missingEach === undefined

/**
 * 1e-9, relative where values are large. Evidently computes sqrt(1 - x) for Hellinger, and SciPy the root of a difference for
 * Jensen-Shannon: near 0 half of their digits are gone, so that their squares are compared.
 */
function agrees(metric: string, ours: number | null | undefined, theirs: number | null | undefined): void {
  if (theirs === null || theirs === undefined) return
  const rooted = metric === 'hellinger_distance' || metric === 'jensen_shannon_distance'
  const [a, b] = rooted ? [(ours ?? Number.NaN) ** 2, theirs ** 2] : [ours ?? Number.NaN, theirs]
  expect(Math.abs(a - b), `${metric}: ${ours} and ${theirs}`).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(b)))
}

const by = (metrics: readonly Measured[], name: string) => metrics.find(({ metric }) => metric === name)

describe('numeric columns agree with Evidently and SciPy', () => {
  it.each(cases.numeric)('$name', ({ name, reference, current }) => {
    const [then, now] = [weighted(reference), weighted(current)]
    const metrics = numericMetrics(then, now, isWhole(reference) && isWhole(current))
    const theirs = evidently.numeric[name] ?? {}
    expect(Object.keys(theirs)).toHaveLength(8)
    for (const { metric, value } of metrics) agrees(metric, value, theirs[metric])
    agrees('ks', by(metrics, 'two_sample_kolmogorov_smirnov_test')?.statistic, theirs.ks_statistic)
    agrees('mean', momentsOf(now).mean, theirs.mean)
    agrees('std', deviationOf(momentsOf(now)), theirs.std)
  })
})

describe('columns of categories agree with Evidently and SciPy', () => {
  it.each(cases.categorical)('$name', ({ name, reference, current }) => {
    const [then, now] = [categoriesOf(reference), categoriesOf(current)]
    const keys = [...new Set([...then, ...now])].filter(key => key !== null).sort()
    const counts = (side: readonly (string | null)[]) =>
      Float64Array.from(keys, key => side.filter(value => value === key).length)
    const metrics = categoryMetrics({ reference: counts(then), current: counts(now) })
    const theirs = evidently.categorical[name] ?? {}
    for (const { metric, value } of metrics) agrees(metric, value, theirs[metric])
    agrees('chi', by(metrics, 'chi_squared_test')?.statistic, theirs.chi_squared_statistic)
    agrees('v', by(metrics, 'chi_squared_test')?.effect_size, theirs.cramers_v)
    expect(by(metrics, 'two_proportion_z_test') !== undefined).toBe(keys.length <= 2)
  })
})

it('p-values are corrected as by SciPy', () => {
  for (const [values, adjusted] of evidently.benjamini_hochberg)
    for (const [i, value] of corrected(values, 'benjamini-hochberg').entries()) agrees('p', value, adjusted[i])
  expect(corrected([0.01, 0.5], 'bonferroni')).toEqual([0.02, 1])
  expect(corrected([0.01, 0.5], 'none')).toEqual([0.01, 0.5])
})
