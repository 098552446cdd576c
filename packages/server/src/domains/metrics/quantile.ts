import { batchBounds, type SparseHistogram, secondBounds } from '@hagane/contract'

const boundsOf = (unit: string): readonly number[] => (unit === 's' ? secondBounds : batchBounds)

/**
 * The value below which a share `q` of a histogram lies, straight between the bounds of the bucket it falls in, as
 * Prometheus' histogram_quantile has it; what lies above the last bound counts as that bound. Undefined when empty.
 * https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
 */
export function quantileOf({ counts }: SparseHistogram, q: number, unit: string): number | undefined {
  const buckets = Object.entries(counts)
    .map(([bound, count]) => ({ bound: bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound), count }))
    .sort((a, b) => a.bound - b.bound)
  const total = buckets.reduce((sum, { count }) => sum + count, 0)
  if (total === 0) return undefined
  const known = [...new Set([...boundsOf(unit), ...buckets.map(({ bound }) => bound)])]
    .filter(Number.isFinite)
    .sort((a, b) => a - b)
  let below = 0
  for (const { bound, count } of buckets) {
    if (below + count >= q * total) {
      if (bound === Number.POSITIVE_INFINITY) return known.at(-1)
      const lower = known.findLast(one => one < bound) ?? 0
      return lower + (bound - lower) * Math.max(0, (q * total - below) / count)
    }
    below += count
  }
  return known.at(-1)
}
