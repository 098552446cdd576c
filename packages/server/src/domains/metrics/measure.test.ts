import { Histogram, secondBounds, serviceMetricOf, sparse } from '@hagane/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Figures } from './figures.ts'
import { type Stretch, valueOver } from './measure.ts'
import { quantileOf } from './quantile.ts'
import { spanOf } from './span.ts'

const stretch = (bucket: number, figures: Partial<Figures>): Stretch => ({
  bucket,
  figures: { counters: {}, gauges: {}, histograms: {}, ...figures },
})
const value = (metric: string, aggregation: string, all: readonly Stretch[], seconds = 10) => {
  const definition = serviceMetricOf(metric)
  if (definition === undefined) throw new Error(metric)
  return valueOver({ metric, definition, aggregation }, all, seconds)
}
const reading = (value: number) => ({ sum: value, count: 1, min: value, max: value, last: value })

test('requests are all their statuses, errors are 5xx, and a caller that went away is nobody’s error', () => {
  const counters = { 'requests/200': 90, 'requests/404': 4, 'requests/499': 2, 'requests/503': 4, cold_starts: 7 }
  const all = [stretch(0, { counters })]
  expect(value('requests', 'total', all)).toBe(100)
  expect(value('requests', 'rate', all)).toBe(10)
  expect(value('requests/503', 'total', all)).toBe(4)
  expect(value('errors', 'total', all)).toBe(4)
  expect(value('client_errors', 'total', all)).toBe(4)
  expect(value('error_rate', 'average', all)).toBe(0.04)
})

test('where nothing was measured there is no value; where nobody asked, there is no error rate but 0 requests', () => {
  expect(value('requests', 'total', [])).toBeUndefined()
  const idle = [stretch(0, { gauges: { workers: reading(1) } })]
  expect([value('requests', 'total', idle), value('latency', 'count', idle)]).toEqual([0, 0])
  expect([value('error_rate', 'average', idle), value('latency', 'p95', idle)]).toEqual([undefined, undefined])
})

test('gauges are averaged over time; those of several subjects add up, but a lag is the worst one', () => {
  const two = [
    stretch(0, { gauges: { workers: reading(2), 'event_lag/a': reading(5), 'event_lag/b': reading(1) } }),
    stretch(0, { gauges: { workers: reading(3), 'event_lag/a': reading(7) } }),
    stretch(10, { gauges: { workers: reading(1) } }),
  ]
  expect(value('workers', 'average', two)).toBe(3)
  expect(value('workers', 'maximum', two)).toBe(5)
  expect(value('workers', 'last', two)).toBe(1)
  expect(value('event_lag', 'maximum', two)).toBe(7)
  expect(value('event_lag/b', 'maximum', two)).toBe(1)
})

test('a quantile of merged histograms is within 12 % of the true one', () => {
  const latencies = fc.array(fc.double({ min: 0.0002, max: 60, noNaN: true }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(latencies, latencies, fc.double({ min: 0.01, max: 1, noNaN: true }), (a, b, q) => {
      const [first, second] = [new Histogram(secondBounds), new Histogram(secondBounds)]
      for (const one of a) first.observe(one)
      for (const one of b) second.observe(one)
      const all = [first, second].map((one, at) => stretch(at, { histograms: { latency: sparse(one) } }))
      const sorted = [...a, ...b].sort((x, y) => x - y)
      const exact = sorted[Math.max(0, Math.ceil(q * sorted.length - 1e-9) - 1)] as number
      const found = value('latency', `p${100 * q}`, all) as number
      expect(Math.abs(found / exact - 1)).toBeLessThan(0.13)
    }),
  )
})

test('above the last bound a quantile is that bound, and an empty histogram has none', () => {
  expect(quantileOf({ sum: 500, counts: { '+Inf': 2 } }, 0.5, 's')).toBe(100)
  expect(quantileOf({ sum: 0, counts: {} }, 0.5, 's')).toBeUndefined()
  expect(quantileOf({ sum: 4, counts: { 4: 1 } }, 1, '{request}')).toBe(4)
})

const retention = { 10: 21_600, 60: 691_200, 3600: 34_560_000 }
const now = 1_800_000_000
test('a question is answered from the finest figures that are still kept and not too many', () => {
  const spans = [3600, 21_600, 86_400, 691_200, 30 * 86_400].map(ago =>
    spanOf({ since: now - ago, until: now }, now, retention),
  )
  expect(spans.map(({ resolution, step }) => [resolution, step])).toEqual([
    [10, 30],
    [10, 300],
    [60, 1200],
    [3600, 7200],
    [3600, 21_600],
  ])
})

test('a step that cannot be made is refused with what can', () => {
  expect(() => spanOf({ since: now - 86_400, until: now, step: 10 }, now, retention)).toThrow(/multiple of 60s/)
  expect(() => spanOf({ since: now - 21_600, until: now, step: 10 }, now, retention)).toThrow(
    /a step of 10s makes 2160/,
  )
  expect(() => spanOf({ since: now, until: now - 1 }, now, retention)).toThrow(/before until/)
  expect(spanOf({ since: now - 7 * 86_400, until: now, step: 3600 }, now, retention).step).toBe(3600)
})
