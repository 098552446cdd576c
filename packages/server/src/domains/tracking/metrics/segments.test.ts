import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  comparePoints,
  concatSegments,
  decodeSegment,
  encodeColumns,
  encodeSegment,
  latestOf,
  type Point,
} from './segments.ts'

const anyPoint: fc.Arbitrary<Point> = fc.record({
  key: fc.constantFrom('a', 'loss', 'train/acc', '日本'),
  value: fc.double(),
  timestamp: fc.nat(),
  step: fc.maxSafeInteger(),
})

const pointsOf = (bytes: Uint8Array): Point[] => {
  const { keys, count, steps, timestamps, values, keyOf } = decodeSegment(bytes)
  return Array.from({ length: count }, (_, i) => ({
    key: keys[keyOf[i] as number] as string,
    value: values[i] as number,
    timestamp: timestamps[i] as number,
    step: steps[i] as number,
  }))
}

describe('a metric segment', () => {
  it('gives back every point exactly, NaN and infinities too', () => {
    fc.assert(
      fc.property(fc.array(anyPoint, { maxLength: 50 }), points => {
        expect(pointsOf(encodeSegment(points))).toEqual(points)
      }),
    )
  })

  it('is read from bytes that do not start at a multiple of eight', () => {
    const bytes = encodeSegment([{ key: 'a', value: 1.5, timestamp: 2, step: 3 }])
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    expect(pointsOf(shifted.subarray(3))).toEqual([{ key: 'a', value: 1.5, timestamp: 2, step: 3 }])
  })

  it('is refused when cut', () => {
    const bytes = encodeSegment([{ key: 'a', value: 1, timestamp: 2, step: 3 }])
    expect(() => decodeSegment(bytes.subarray(0, bytes.length - 1))).toThrow('another length')
  })

  it('joins others without changing order or keys', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyPoint, { maxLength: 10 }), { maxLength: 5 }), batches => {
        const joined = concatSegments(batches.map(points => decodeSegment(encodeSegment(points))))
        expect(pointsOf(encodeColumns(joined))).toEqual(batches.flat())
      }),
    )
  })
})

describe('the latest point of a key', () => {
  it('is the greatest (step, timestamp, value), whatever the order and the batches', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyPoint, { maxLength: 20 }), { maxLength: 4 }), batches => {
        const latest = latestOf(batches.map(points => decodeSegment(encodeSegment(points))))
        const all = batches.flat()
        expect(new Set(latest.keys())).toEqual(new Set(all.map(point => point.key)))
        for (const point of all) expect(comparePoints(point, latest.get(point.key) as Point)).toBeLessThanOrEqual(0)
      }),
    )
  })

  it('counts NaN as zero', () => {
    const segment = decodeSegment(
      encodeSegment([
        { key: 'a', value: Number.NaN, timestamp: 1, step: 1 },
        { key: 'a', value: -1, timestamp: 1, step: 1 },
      ]),
    )
    expect(latestOf([segment]).get('a')?.value).toBeNaN()
  })
})
