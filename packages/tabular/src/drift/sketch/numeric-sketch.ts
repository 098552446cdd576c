import { countAt, type Weighted, weightedBy } from '../statistics/weighted.ts'
import type { NumericSketch } from '../types.ts'

/** Occupied buckets at most: what bounds a sketch and its resolution. */
export const BUCKETS = 1024
/** Bits of a number's digits: a bucket number stays exact. */
const DIGITS = 52
const LEAST_EXPONENT = -1000

/** A sketch being worked on: the buckets by their numbers. */
interface Buckets {
  readonly exponent: number
  readonly numbers: Float64Array
  readonly counts: Float64Array
}

/** Smallest exponent at which the number of every bucket up to `most` is exact. */
export function exactExponent(most: number): number {
  if (most === 0) return LEAST_EXPONENT
  return Math.max(LEAST_EXPONENT, binaryExponent(most) - DIGITS)
}

function binaryExponent(x: number): number {
  const high = new DataView(new Float64Array([x]).buffer).getUint32(4, true)
  return ((high >>> 20) & 0x7ff) - 1023
}

/** The sketch of numbers: the finest grid with at most `BUCKETS` occupied buckets. */
export function sketchOf(numbers: Weighted): NumericSketch {
  const { values } = numbers
  if (values.length === 0) return { exponent: LEAST_EXPONENT, buckets: [], counts: [] }
  const most = Math.max(Math.abs(values[0] as number), Math.abs(values.at(-1) as number))
  let [low, high] = [exactExponent(most), binaryExponent(most || 1) + 2]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (fits(values, middle)) high = middle
    else low = middle + 1
  }
  const counts = Float64Array.from(values, (_, i) => countAt(numbers, i))
  return packed({ exponent: low, ...occupiedBy(values, counts, 2 ** -low) })
}

/** Rounded down, also where the product is too small to be a number. */
function bucketOf(value: number, scale: number): number {
  const scaled = value * scale
  return scaled === 0 && value < 0 ? -1 : Math.floor(scaled) + 0 // one zero, not two
}

function fits(values: Float64Array, exponent: number): boolean {
  const scale = 2 ** -exponent
  let [occupied, last] = [0, Number.NaN]
  for (let i = 0; i < values.length; i++) {
    const bucket = bucketOf(values[i] as number, scale)
    if (bucket === last) continue
    last = bucket
    if (++occupied > BUCKETS) return false
  }
  return true
}

/** Adds up the counts of what falls into the same bucket of a grid; numbers come in ascending order. */
function occupiedBy(of: Float64Array, countsOf: Float64Array, scale: number) {
  const numbers = new Float64Array(of.length)
  const counts = new Float64Array(of.length)
  let at = -1
  for (let i = 0; i < of.length; i++) {
    const bucket = bucketOf(of[i] as number, scale)
    if (at < 0 || numbers[at] !== bucket) numbers[++at] = bucket
    counts[at] = (counts[at] as number) + (countsOf[i] as number)
  }
  return { numbers: numbers.subarray(0, at + 1), counts: counts.subarray(0, at + 1) }
}

const packed = ({ exponent, numbers, counts }: Buckets): NumericSketch => ({
  exponent,
  buckets: Array.from(numbers, (number, i) => (i === 0 ? number : number - (numbers[i - 1] as number))),
  counts: [...counts],
})

function unpacked({ exponent, buckets, counts }: NumericSketch): Buckets {
  const numbers = new Float64Array(buckets.length)
  let at = 0
  for (let i = 0; i < numbers.length; i++) numbers[i] = at += buckets[i] as number
  return { exponent, numbers, counts: Float64Array.from(counts) }
}

/** The same on a coarser grid: pairs of neighbours become one bucket, until the exponent is reached. */
function coarser(buckets: Buckets, exponent: number): Buckets {
  if (exponent <= buckets.exponent || buckets.numbers.length === 0)
    return { ...buckets, exponent: Math.max(exponent, buckets.exponent) }
  return { exponent, ...occupiedBy(buckets.numbers, buckets.counts, 2 ** (buckets.exponent - exponent)) }
}

/** The sketch of all numbers of all of them; it is packed once, at the end. */
export function mergeSketches(sketches: readonly NumericSketch[]): NumericSketch {
  const filled = sketches.filter(({ buckets }) => buckets.length > 0)
  const [first, ...others] = filled.length > 0 ? filled : sketches
  if (first === undefined) return { exponent: LEAST_EXPONENT, buckets: [], counts: [] }
  if (filled.length < 2) return first
  let sum = unpacked(first)
  for (const other of others) {
    const next = unpacked(other)
    const exponent = Math.max(sum.exponent, next.exponent)
    sum = added(coarser(sum, exponent), coarser(next, exponent))
    while (sum.numbers.length > BUCKETS) sum = coarser(sum, sum.exponent + 1)
  }
  return packed(sum)
}

/** Two on one grid. */
function added(a: Buckets, b: Buckets): Buckets {
  const numbers = new Float64Array(a.numbers.length + b.numbers.length)
  const counts = new Float64Array(numbers.length)
  let i = 0
  let j = 0
  let n = 0
  for (; i < a.numbers.length || j < b.numbers.length; n++) {
    const left = i < a.numbers.length ? (a.numbers[i] as number) : Number.POSITIVE_INFINITY
    const right = j < b.numbers.length ? (b.numbers[j] as number) : Number.POSITIVE_INFINITY
    numbers[n] = left < right ? left : right
    let count = 0
    if (left <= right) count += a.counts[i++] as number
    if (right <= left) count += b.counts[j++] as number
    counts[n] = count
  }
  return { exponent: a.exponent, numbers: numbers.subarray(0, n), counts: counts.subarray(0, n) }
}

/** A sketch with the range of its numbers, which it does not hold itself. */
export interface Ranged {
  readonly sketch: NumericSketch
  readonly min: number
  readonly max: number
}

/** With the range of its buckets, where that of the numbers is not kept. */
export function rangedBySketch(sketch: NumericSketch): Ranged {
  const { numbers, exponent } = unpacked(sketch)
  return { sketch, min: (numbers[0] ?? 0) * 2 ** exponent, max: (numbers.at(-1) ?? 0) * 2 ** exponent }
}

/** Two sketches as numbers on one grid: the middle of each bucket, or the very values where the grid is that fine. */
export function alignedSketches(a: Ranged, b: Ranged): [Weighted, Weighted] {
  const exponent = Math.max(a.sketch.exponent, b.sketch.exponent)
  const most = Math.max(...[a.min, a.max, b.min, b.max].map(Math.abs))
  const offset = exponent <= exactExponent(most) ? 0 : 0.5
  return [asNumbers(a, exponent, offset), asNumbers(b, exponent, offset)]
}

function asNumbers({ sketch, min, max }: Ranged, exponent: number, offset: number): Weighted {
  const { numbers, counts } = coarser(unpacked(sketch), exponent)
  const width = 2 ** exponent
  const values = numbers.map(number => Math.min(max, Math.max(min, (number + offset) * width)))
  if (values.length > 0 && offset !== 0) {
    values[0] = min
    values[values.length - 1] = max
  }
  return weightedBy(values, counts)
}
