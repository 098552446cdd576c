import type { PairedCounts } from '../statistics/bins.ts'
import type { CategorySketch } from '../types.ts'

/** Different values that are counted one by one; of text, words. Beyond it the rarest are counted together. */
export const CATEGORIES = 1000
export const WORDS = 5000

/** The most frequent values; ties are broken by the value, so that the same data gives the same sketch. */
export function categorySketch(counts: ReadonlyMap<string, number>, limit: number, other = 0): CategorySketch {
  const ordered = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  const rest = ordered.slice(limit).reduce((sum, [, count]) => sum + count, other)
  const kept = ordered.slice(0, limit)
  return { values: kept.map(([value]) => value), counts: kept.map(([, count]) => count), other: rest }
}

/** Exact while all together have at most `limit` values and nothing was counted together before. */
export function mergeCategories(sketches: readonly CategorySketch[], limit: number): CategorySketch {
  const counts = new Map<string, number>()
  for (const { values, counts: own } of sketches)
    for (const [i, value] of values.entries()) counts.set(value, (counts.get(value) ?? 0) + (own[i] ?? 0))
  return categorySketch(
    counts,
    limit,
    sketches.reduce((sum, { other }) => sum + other, 0),
  )
}

export const countsOf = ({ values, counts }: CategorySketch): Map<string, number> =>
  new Map(values.map((value, i) => [value, counts[i] ?? 0]))

/** Counts of both in the order of their values; what was counted together is one more value. */
export function pairedCategories(reference: CategorySketch, current: CategorySketch): PairedCounts {
  const [then, now] = [countsOf(reference), countsOf(current)]
  const values = [...new Set([...reference.values, ...current.values])].sort()
  const rest = reference.other + current.other > 0
  return {
    reference: Float64Array.from([...values.map(value => then.get(value) ?? 0), ...(rest ? [reference.other] : [])]),
    current: Float64Array.from([...values.map(value => now.get(value) ?? 0), ...(rest ? [current.other] : [])]),
  }
}

/** Values of now that the reference does not have, most frequent first. None where the reference does not know all of its own. */
export function newValues(reference: CategorySketch, current: CategorySketch): { value: string; count: number }[] {
  if (reference.other > 0 || reference.values.length === 0) return []
  const known = new Set(reference.values)
  return current.values.flatMap((value, i) => (known.has(value) ? [] : [{ value, count: current.counts[i] ?? 0 }]))
}
