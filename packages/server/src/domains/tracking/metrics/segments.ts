/**
 * Metric points are kept in segments: one column-wise binary row for each batch that was logged. A batch of 1000 points is then
 * one insert of 28 KB however many keys it has, and a million points of history are read in a few large rows.
 *
 * Layout, little endian: u32 length of the header · header, JSON `{keys, count}` padded by spaces to a multiple of 8 bytes with
 * the length field · float64 steps · float64 timestamps (ms) · float64 values · u32 index of each point's key.
 * Steps and timestamps are whole and below 2^53, so a double holds them exactly; NaN and infinities are kept as they are.
 */
export interface Point {
  readonly key: string
  readonly value: number
  readonly timestamp: number
  readonly step: number
}

/** The points of one or many segments, column-wise. */
export interface Columns {
  readonly keys: readonly string[]
  readonly count: number
  readonly steps: Float64Array
  readonly timestamps: Float64Array
  readonly values: Float64Array
  readonly keyOf: Uint32Array
}

const BYTES_PER_POINT = 28

/** Packs points; the order is kept. */
export function encodeSegment(points: readonly Point[]): Uint8Array {
  const indexOf = new Map<string, number>()
  const count = points.length
  const columns = {
    count,
    steps: new Float64Array(count),
    timestamps: new Float64Array(count),
    values: new Float64Array(count),
    keyOf: new Uint32Array(count),
  }
  points.forEach((point, i) => {
    let index = indexOf.get(point.key)
    if (index === undefined) {
      index = indexOf.size
      indexOf.set(point.key, index)
    }
    columns.steps[i] = point.step
    columns.timestamps[i] = point.timestamp
    columns.values[i] = point.value
    columns.keyOf[i] = index
  })
  return encodeColumns({ ...columns, keys: [...indexOf.keys()] })
}

/** Packs columns. */
export function encodeColumns({ keys, count, steps, timestamps, values, keyOf }: Columns): Uint8Array {
  const header = paddedHeader(keys, count)
  const bytes = new Uint8Array(4 + header.length + count * BYTES_PER_POINT)
  new DataView(bytes.buffer).setUint32(0, header.length, true)
  bytes.set(header, 4)
  let at = 4 + header.length
  for (const column of [steps, timestamps, values, keyOf]) {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at)
    at += column.byteLength
  }
  return bytes
}

function paddedHeader(keys: readonly string[], count: number): Uint8Array {
  const text = JSON.stringify({ keys, count })
  const length = Buffer.byteLength(text) + 4
  return Buffer.from(text.padEnd(text.length + ((8 - (length % 8)) % 8)))
}

/** Unpacks a segment; throws when the bytes are not one. */
export function decodeSegment(stored: Uint8Array): Columns {
  const bytes = stored.byteOffset % 8 === 0 ? stored : new Uint8Array(stored)
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  const { keys, count } = JSON.parse(
    Buffer.from(bytes.buffer, bytes.byteOffset + 4, headerLength).toString('utf8'),
  ) as {
    keys: string[]
    count: number
  }
  if (bytes.byteLength !== 4 + headerLength + count * BYTES_PER_POINT)
    throw new Error('a metric segment has another length than its header says')
  const at = bytes.byteOffset + 4 + headerLength
  return {
    keys,
    count,
    steps: new Float64Array(bytes.buffer, at, count),
    timestamps: new Float64Array(bytes.buffer, at + 8 * count, count),
    values: new Float64Array(bytes.buffer, at + 16 * count, count),
    keyOf: new Uint32Array(bytes.buffer, at + 24 * count, count),
  }
}

/** Joins segments into one, in order. */
export function concatSegments(segments: readonly Columns[]): Columns {
  const indexOf = new Map<string, number>()
  for (const key of segments.flatMap(segment => segment.keys)) if (!indexOf.has(key)) indexOf.set(key, indexOf.size)
  const count = segments.reduce((sum, segment) => sum + segment.count, 0)
  const joined = {
    keys: [...indexOf.keys()],
    count,
    steps: new Float64Array(count),
    timestamps: new Float64Array(count),
    values: new Float64Array(count),
    keyOf: new Uint32Array(count),
  }
  let at = 0
  for (const segment of segments) {
    joined.steps.set(segment.steps, at)
    joined.timestamps.set(segment.timestamps, at)
    joined.values.set(segment.values, at)
    const remap = segment.keys.map(key => indexOf.get(key) ?? 0)
    for (let i = 0; i < segment.count; i++) joined.keyOf[at + i] = remap[segment.keyOf[i] ?? 0] ?? 0
    at += segment.count
  }
  return joined
}

/** The latest point of each key: the greatest (step, timestamp, value), where NaN counts as 0 (MLflow's rule). */
export function latestOf(segments: readonly Columns[]): Map<string, Point> {
  const latest = new Map<string, Point>()
  for (const { keys, count, steps, timestamps, values, keyOf } of segments) {
    const best = new Int32Array(keys.length).fill(-1)
    for (let i = 0; i < count; i++) {
      const key = keyOf[i] ?? 0
      const held = best[key] ?? -1
      if (held === -1 || isLater(i, held, steps, timestamps, values)) best[key] = i
    }
    keys.forEach((key, k) => {
      const i = best[k] ?? -1
      if (i === -1) return
      const point = { key, step: steps[i] ?? 0, timestamp: timestamps[i] ?? 0, value: values[i] ?? 0 }
      const held = latest.get(key)
      if (held === undefined || comparePoints(point, held) > 0) latest.set(key, point)
    })
  }
  return latest
}

const ranked = (value: number | undefined): number => (value === undefined || Number.isNaN(value) ? 0 : value)

function isLater(i: number, j: number, steps: Float64Array, timestamps: Float64Array, values: Float64Array): boolean {
  const bySteps = (steps[i] ?? 0) - (steps[j] ?? 0)
  if (bySteps !== 0) return bySteps > 0
  const byTime = (timestamps[i] ?? 0) - (timestamps[j] ?? 0)
  return byTime !== 0 ? byTime > 0 : ranked(values[i]) > ranked(values[j])
}

/** A difference would not do: infinity minus infinity is NaN. */
const byValue = (a: number, b: number): number => (ranked(a) === ranked(b) ? 0 : ranked(a) < ranked(b) ? -1 : 1)

/** Orders points by (step, timestamp, value), NaN as 0. */
export const comparePoints = (a: Omit<Point, 'key'>, b: Omit<Point, 'key'>): number =>
  a.step - b.step || a.timestamp - b.timestamp || byValue(a.value, b.value)
