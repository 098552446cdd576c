import type { SparseHistogram, SubjectFigures } from '@hagane/contract'

/** Readings of a gauge within a stretch of time. */
export interface Readings {
  sum: number
  count: number
  min: number
  max: number
  last: number
}

/** What happened in a stretch of time: increments, readings, and how values were spread. */
export interface Figures {
  counters: Record<string, number>
  gauges: Record<string, Readings>
  histograms: Record<string, SparseHistogram>
}

/** What counters and histograms stood at. */
export type Totals = Pick<SubjectFigures, 'counters' | 'histograms'>

/** A counter that fell has begun again at 0 and come this far. */
const risen = (now: number, before: number): number => (now < before ? now : now - before)

const nonZero = (values: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== 0))

function spreadSince(now: SparseHistogram, before: SparseHistogram | undefined): SparseHistogram {
  if (before === undefined) return { sum: now.sum, counts: nonZero(now.counts) }
  const fell = Object.entries(before.counts).some(([bound, count]) => (now.counts[bound] ?? 0) < count)
  if (fell) return { sum: now.sum, counts: nonZero(now.counts) }
  const counts = Object.entries(now.counts).map(([bound, count]) => [bound, count - (before.counts[bound] ?? 0)])
  return { sum: now.sum - before.sum, counts: nonZero(Object.fromEntries(counts)) }
}

/** What a sample says has happened since the counters stood at `before`; without `before`, since they began. */
export function figuresSince(now: SubjectFigures, before: Totals | undefined): Figures {
  const counters = Object.entries(now.counters).map(([name, value]) => [
    name,
    risen(value, before?.counters[name] ?? 0),
  ])
  const histograms = Object.entries(now.histograms).map(
    ([name, value]) => [name, spreadSince(value, before?.histograms[name])] as const,
  )
  const gauges = Object.entries(now.gauges).map(
    ([name, value]) => [name, { sum: value, count: 1, min: value, max: value, last: value }] as const,
  )
  return {
    counters: nonZero(Object.fromEntries(counters)),
    gauges: Object.fromEntries(gauges),
    histograms: Object.fromEntries(histograms.filter(([, { counts }]) => Object.keys(counts).length > 0)),
  }
}

const sumOf = (a: Record<string, number>, b: Record<string, number>): Record<string, number> => {
  const sum = { ...a }
  for (const [name, value] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + value
  return sum
}

/** Two spreads as one. */
export const mergeSpreads = (a: SparseHistogram | undefined, b: SparseHistogram): SparseHistogram =>
  a === undefined ? b : { sum: a.sum + b.sum, counts: sumOf(a.counts, b.counts) }

/** Two sets of readings as one; those of `b` are the later ones. */
export const mergeReadings = (a: Readings | undefined, b: Readings): Readings =>
  a === undefined
    ? b
    : {
        sum: a.sum + b.sum,
        count: a.count + b.count,
        min: Math.min(a.min, b.min),
        max: Math.max(a.max, b.max),
        last: b.last,
      }

function mergeEach<T>(
  a: Record<string, T>,
  b: Record<string, T>,
  merge: (a: T | undefined, b: T) => T,
): Record<string, T> {
  const merged = { ...a }
  for (const [name, value] of Object.entries(b)) merged[name] = merge(merged[name], value)
  return merged
}

/** What happened in two stretches of time, `b` the later one, or in parts of one. Associative, so roll-ups are exact. */
export const mergeFigures = (a: Figures, b: Figures): Figures => ({
  counters: sumOf(a.counters, b.counters),
  gauges: mergeEach(a.gauges, b.gauges, mergeReadings),
  histograms: mergeEach(a.histograms, b.histograms, mergeSpreads),
})

export const isEmpty = ({ counters, gauges, histograms }: Figures): boolean =>
  [counters, gauges, histograms].every(of => Object.keys(of).length === 0)

type Written = { c?: Figures['counters']; g?: Record<string, number[]>; h?: Record<string, [number, object]> }

/** Figures as short JSON; they are written every ten seconds. */
export function writeFigures({ counters, gauges, histograms }: Figures): string {
  const g = Object.entries(gauges).map(([name, { sum, count, min, max, last }]) => [name, [sum, count, min, max, last]])
  const h = Object.entries(histograms).map(([name, { sum, counts }]) => [name, [sum, counts]])
  const written: Written = {
    ...(Object.keys(counters).length === 0 ? {} : { c: counters }),
    ...(g.length === 0 ? {} : { g: Object.fromEntries(g) }),
    ...(h.length === 0 ? {} : { h: Object.fromEntries(h) }),
  }
  return JSON.stringify(written)
}

export function readFigures(text: string): Figures {
  const { c = {}, g = {}, h = {} } = JSON.parse(text) as Written
  const gauges = Object.entries(g).map(([name, [sum = 0, count = 0, min = 0, max = 0, last = 0]]) => [
    name,
    { sum, count, min, max, last },
  ])
  const histograms = Object.entries(h).map(([name, [sum, counts]]) => [name, { sum, counts }])
  return { counters: c, gauges: Object.fromEntries(gauges), histograms: Object.fromEntries(histograms) }
}
