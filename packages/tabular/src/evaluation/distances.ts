import type { Label } from './scores.ts'

const BINS = 20

/**
 * Jensen-Shannon distance with base 2, between 0 and 1 (as `scipy.spatial.distance.jensenshannon`): of the shares of each value,
 * or of 20 bins of equal width where all values are numbers and there are more than 20 of them. null where a side is empty.
 */
export function jensenShannonDistance(left: readonly Label[], right: readonly Label[]): number | null {
  if (left.length === 0 || right.length === 0) return null
  const binOf = binning(left, right)
  const [p, q] = [sharesOf(left, binOf), sharesOf(right, binOf)]
  let divergence = 0
  for (const key of new Set([...p.keys(), ...q.keys()])) {
    const [a, b] = [p.get(key) ?? 0, q.get(key) ?? 0]
    const middle = (a + b) / 2
    if (a > 0) divergence += (a * Math.log2(a / middle)) / 2
    if (b > 0) divergence += (b * Math.log2(b / middle)) / 2
  }
  return Math.sqrt(Math.max(0, divergence))
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

function sharesOf(values: readonly Label[], binOf: (value: Label) => string): Map<string, number> {
  const shares = new Map<string, number>()
  for (const value of values) {
    const bin = binOf(value)
    shares.set(bin, (shares.get(bin) ?? 0) + 1 / values.length)
  }
  return shares
}

/** The statistic of the two-sample Kolmogorov-Smirnov test: the largest gap between the cumulative shares. null where a side is empty. */
export function kolmogorovSmirnov(left: readonly number[], right: readonly number[]): number | null {
  if (left.length === 0 || right.length === 0) return null
  const [a, b] = [Float64Array.from(left).sort(), Float64Array.from(right).sort()]
  let [i, j, gap] = [0, 0, 0]
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i] ?? 0, b[j] ?? 0)
    while (i < a.length && (a[i] ?? 0) <= value) i += 1
    while (j < b.length && (b[j] ?? 0) <= value) j += 1
    gap = Math.max(gap, Math.abs(i / a.length - j / b.length))
  }
  return gap
}
