import type { Segment } from './reads.ts'
import { comparePoints, latestOf } from './segments.ts'

/** The latest value of a metric of a run. */
export interface LatestMetric {
  key: string
  /** null is NaN. */
  value: number | null
  step: number
  timestamp: number
}
/** Latest values with points on top that are not folded in yet. */
export function withTail(folded: readonly LatestMetric[], tail: readonly Segment[]): LatestMetric[] {
  if (tail.length === 0) return [...folded]
  const latest = new Map(folded.map(metric => [metric.key, metric]))
  for (const [key, point] of latestOf(tail.map(segment => segment.columns))) {
    const held = latest.get(key)
    if (held === undefined || comparePoints(point, { ...held, value: held.value ?? 0 }) > 0)
      latest.set(key, { ...point, value: Number.isNaN(point.value) ? null : point.value })
  }
  return [...latest.values()]
}
