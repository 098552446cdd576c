import type { Columns } from './segments.ts'

/** The history of one metric of one run, column-wise, without exact duplicates. */
export interface Series {
  readonly steps: Float64Array
  readonly timestamps: Float64Array
  readonly values: Float64Array
}

/** The points of one key out of segments, in the order they were logged. */
export function seriesOf(segments: readonly Columns[], key: string): Series {
  const found = segments
    .map(segment => ({ segment, index: segment.keys.indexOf(key) }))
    .filter(({ index }) => index !== -1)
  let total = 0
  for (const { segment, index } of found)
    total += segment.keys.length === 1 ? segment.count : countOf(segment.keyOf, index)
  const series = {
    steps: new Float64Array(total),
    timestamps: new Float64Array(total),
    values: new Float64Array(total),
  }
  let at = 0
  for (const { segment, index } of found) at = copy(segment, index, series, at)
  return series
}

function countOf(keyOf: Uint32Array, index: number): number {
  let count = 0
  for (const key of keyOf) if (key === index) count++
  return count
}

function copy(segment: Columns, index: number, into: Series, start: number): number {
  if (segment.keys.length === 1) {
    into.steps.set(segment.steps, start)
    into.timestamps.set(segment.timestamps, start)
    into.values.set(segment.values, start)
    return start + segment.count
  }
  let at = start
  for (let i = 0; i < segment.count; i++) {
    if (segment.keyOf[i] !== index) continue
    into.steps[at] = segment.steps[i] ?? 0
    into.timestamps[at] = segment.timestamps[i] ?? 0
    into.values[at] = segment.values[i] ?? 0
    at++
  }
  return at
}

const numeric = (value: number): number => (Number.isNaN(value) ? 0 : value)

/** MLflow's two orders: a history is by (timestamp, step, value), a sample for a chart by (step, timestamp, value); NaN ranks as 0, after a real 0. */
export function sortSeries(series: Series, by: 'timestamp' | 'step'): Series {
  const [first, second] = by === 'timestamp' ? [series.timestamps, series.steps] : [series.steps, series.timestamps]
  const { values } = series
  const compare = (i: number, j: number): number =>
    (first[i] ?? 0) - (first[j] ?? 0) ||
    (second[i] ?? 0) - (second[j] ?? 0) ||
    numeric(values[i] ?? 0) - numeric(values[j] ?? 0) ||
    Number(Number.isNaN(values[i])) - Number(Number.isNaN(values[j]))
  let ordered = true
  for (let i = 1; i < values.length && ordered; i++) ordered = compare(i - 1, i) < 0
  if (ordered) return series
  const order = new Uint32Array(values.length).map((_, i) => i).sort(compare)
  return pick(
    series,
    order.filter((index, i) => i === 0 || compare(order[i - 1] ?? 0, index) !== 0),
  )
}

const pick = ({ steps, timestamps, values }: Series, indices: ArrayLike<number>): Series => ({
  steps: Float64Array.from(indices, i => steps[i] ?? 0),
  timestamps: Float64Array.from(indices, i => timestamps[i] ?? 0),
  values: Float64Array.from(indices, i => values[i] ?? 0),
})

/** Points with start ≤ step ≤ end. */
export function stepsWithin(series: Series, range: { start: number; end: number } | undefined): Series {
  if (range === undefined) return series
  const inside: number[] = []
  series.steps.forEach((step, i) => {
    if (step >= range.start && step <= range.end) inside.push(i)
  })
  return inside.length === series.steps.length ? series : pick(series, inside)
}

/**
 * At most `max` points spread evenly over an ordered series, the last always among them: the first of each of `max` equal
 * buckets (SQL's NTILE: the first `n mod max` buckets hold one more), with the final point in place of the last pick.
 * The rule of MLflow ≥ 3.14 (SqlAlchemyStore._sample_rows_with_window_functions).
 */
export function sampleSeries(series: Series, max: number): Series {
  const count = series.values.length
  if (count <= max) return series
  const size = Math.floor(count / max)
  const larger = count % max
  const indices = Array.from({ length: max }, (_, bucket) => bucket * size + Math.min(bucket, larger))
  indices[max - 1] = count - 1
  return pick(series, indices)
}

/** A stretch of a series. */
export const sliceSeries = ({ steps, timestamps, values }: Series, start: number, end: number): Series => ({
  steps: steps.subarray(start, end),
  timestamps: timestamps.subarray(start, end),
  values: values.subarray(start, end),
})
