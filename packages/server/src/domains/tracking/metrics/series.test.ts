import { describe, expect, it } from 'vitest'
import { decodeSegment, encodeSegment, type Point } from './segments.ts'
import { type Series, sampleSeries, seriesOf, sliceSeries, sortSeries, stepsWithin } from './series.ts'

const point = (step: number, timestamp: number, value: number, key = 'm'): Point => ({ key, step, timestamp, value })
const series = (...points: Point[]): Series => seriesOf([decodeSegment(encodeSegment(points))], 'm')
const rows = ({ steps, timestamps, values }: Series) =>
  Array.from(values, (value, i) => [steps[i], timestamps[i], value])
const steps = (count: number) => series(...Array.from({ length: count }, (_, i) => point(i, 1, 10)))

describe('a series', () => {
  it('holds the points of its key only, over segments with one and with many keys', () => {
    const segments = [[point(1, 1, 1), point(1, 1, 9, 'other')], [point(2, 2, 2)], [point(3, 3, 3, 'other')]].map(
      points => decodeSegment(encodeSegment(points)),
    )
    expect(rows(seriesOf(segments, 'm'))).toEqual([
      [1, 1, 1],
      [2, 2, 2],
    ])
    expect(rows(seriesOf(segments, 'none'))).toEqual([])
  })

  it('is sorted by timestamp, step, value for a history and drops exact duplicates', () => {
    const sorted = sortSeries(
      series(point(3, 1, 12), point(2, 1, 10), point(3, 1, 11), point(3, 1, 12), point(0, 2, 1), point(2, 1, 10)),
      'timestamp',
    )
    expect(rows(sorted)).toEqual([
      [2, 1, 10],
      [3, 1, 11],
      [3, 1, 12],
      [0, 2, 1],
    ])
  })

  it('is sorted by step first for a chart and keeps NaN apart from 0', () => {
    const sorted = sortSeries(
      series(point(1, 5, Number.NaN), point(1, 5, 0), point(0, 9, 1), point(1, 5, Number.NaN)),
      'step',
    )
    expect(rows(sorted)).toEqual([
      [0, 9, 1],
      [1, 5, 0],
      [1, 5, Number.NaN],
    ])
  })

  it('is cut by steps and by position', () => {
    expect(Array.from(stepsWithin(steps(6), { start: 2, end: 4 }).steps)).toEqual([2, 3, 4])
    expect(Array.from(sliceSeries(steps(6), 4, 10).steps)).toEqual([4, 5])
  })
})

describe('a sample of a series', () => {
  it.each([
    [10, 5, [0, 2, 4, 6, 9]],
    [20, 5, [0, 4, 8, 12, 19]],
    [7, 3, [0, 3, 6]],
    [3, 5, [0, 1, 2]],
    [5, 1, [4]],
  ])('of %i steps with at most %i points is %j', (count, max, expected) => {
    expect(Array.from(sampleSeries(steps(count), max).steps)).toEqual(expected)
  })
})
