import type { PairedHistogram } from '@hagane/contract'
import { binCounts } from './bins.ts'
import { amongFirst, valuesBelow, type Weighted } from './weighted.ts'

const BINS = 30
/** Share of each side's numbers that the picture lets lie beyond its outer edges, so that one outlier does not flatten all else. */
const TAIL = 0.005

/**
 * Both sides in the same 30 equally wide bins, as shares of their numbers, to be looked at; no metric comes from it. The outer
 * bins hold what lies beyond them. Undefined where a side has no numbers.
 */
export function pictureOf(reference: Weighted, current: Weighted): PairedHistogram | undefined {
  if (reference.total === 0 || current.total === 0) return undefined
  const low = Math.min(quantile(reference, TAIL), quantile(current, TAIL))
  const high = Math.max(quantile(reference, 1 - TAIL), quantile(current, 1 - TAIL))
  const [first, width] = high - low > 0 ? [low, (high - low) / BINS] : [low - 0.5, 1 / BINS]
  const edges = Float64Array.from({ length: BINS + 1 }, (_, i) => first + i * width)
  const shares = (side: Weighted) => sharesOf(side, edges)
  return { edges: [...edges], reference: shares(reference), current: shares(current) }
}

/** The smallest value with at least this share of the numbers at or below it. */
function quantile(numbers: Weighted, share: number): number {
  const wanted = Math.max(1, Math.ceil(share * numbers.total))
  let [low, high] = [0, numbers.values.length - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (amongFirst(numbers, middle + 1) < wanted) low = middle + 1
    else high = middle
  }
  return numbers.values[low] as number
}

function sharesOf(numbers: Weighted, edges: Float64Array): number[] {
  const counts = binCounts(numbers, edges)
  const below = amongFirst(numbers, valuesBelow(numbers.values, edges[0] as number))
  const within = counts.reduce((sum, count) => sum + count, 0)
  counts[0] = (counts[0] as number) + below
  counts[BINS - 1] = (counts[BINS - 1] as number) + numbers.total - below - within
  return Array.from(counts, count => count / numbers.total)
}
