import { cumulativeDistances, jensenShannon } from '../drift/statistics/distances.ts'
import { weightedOf } from '../drift/statistics/weighted.ts'
import type { Label } from './scores.ts'

const BINS = 20

/**
 * Jensen-Shannon distance with base 2, between 0 and 1 (as `scipy.spatial.distance.jensenshannon`): of the shares of each value,
 * or of 20 bins of equal width where all values are numbers and there are more than 20 of them. null where a side is empty.
 */
export function jensenShannonDistance(left: readonly Label[], right: readonly Label[]): number | null {
  if (left.length === 0 || right.length === 0) return null
  const binOf = binning(left, right)
  const [p, q] = [countsOf(left, binOf), countsOf(right, binOf)]
  const keys = [...new Set([...p.keys(), ...q.keys()])]
  const counts = (of: Map<string, number>) => keys.map(key => of.get(key) ?? 0)
  return jensenShannon(counts(p), counts(q)) / Math.sqrt(Math.LN2)
}

function binning(left: readonly Label[], right: readonly Label[]): (value: Label) => string {
  const all = [...left, ...right]
  const areNumbers = all.every(value => typeof value === 'number' && Number.isFinite(value))
  if (!areNumbers || new Set(all).size <= BINS) return value => String(value)
  const [low, high] = (all as number[]).reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  )
  return value => String(Math.min(BINS - 1, Math.floor(((Number(value) - low) / (high - low)) * BINS)))
}

function countsOf(values: readonly Label[], binOf: (value: Label) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) {
    const bin = binOf(value)
    counts.set(bin, (counts.get(bin) ?? 0) + 1)
  }
  return counts
}

/** The statistic of the two-sample Kolmogorov-Smirnov test: the largest gap between the cumulative shares. null where a side is empty. */
export function kolmogorovSmirnov(left: readonly number[], right: readonly number[]): number | null {
  if (left.length === 0 || right.length === 0) return null
  const sorted = (values: readonly number[]) => weightedOf(Float64Array.from(values).sort())
  return cumulativeDistances(sorted(left), sorted(right)).ks
}
