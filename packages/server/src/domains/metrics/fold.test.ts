import type { ServiceSample, SubjectFigures } from '@hagane/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeFigures, readFigures, writeFigures } from './figures.ts'
import { foldSamples, type Known, keyOf } from './fold.ts'

const start = Date.parse('2026-11-26T12:00:00Z')
const later = start + 86_400_000

const said = (since: string, requests: number, more: Partial<SubjectFigures> = {}): SubjectFigures => ({
  ...{ workspace: 'default', subject: 'endpoint/e/deployment/d', since },
  ...{ counters: { 'requests/200': requests }, gauges: {}, histograms: {} },
  ...more,
})
const sample = (seq: number, ...subjects: SubjectFigures[]): ServiceSample => ({
  ...{ seq, seconds: 10, subjects },
  time: new Date(start + seq * 10_000).toISOString(),
})

/** A server that takes samples in several calls, as it would from its database. */
function taker() {
  const known = new Map<string, Known>()
  const kept = new Map<string, ReturnType<typeof readFigures>>()
  return {
    take(...samples: ServiceSample[]) {
      const folded = foldSamples(known, samples, later)
      for (const one of folded.known) known.set(keyOf(one), one)
      for (const { place, figures } of folded.figures) {
        const key = `${place.resolution} ${place.bucket}`
        const there = kept.get(key)
        kept.set(key, readFigures(writeFigures(there === undefined ? figures : mergeFigures(there, figures))))
      }
    },
    /** Requests by begin of the stretch, in seconds after the start. */
    requests: (resolution: number) =>
      Object.fromEntries(
        [...kept].flatMap(([key, { counters }]) => {
          const [of, bucket] = key.split(' ').map(Number)
          const count = counters['requests/200']
          return of === resolution && count !== undefined ? [[(bucket as number) - start / 1000, count]] : []
        }),
      ),
    gauge: (bucket: number) => kept.get(`60 ${bucket + start / 1000}`)?.gauges.workers,
  }
}

test('what happened between two samples falls into the stretch they enclose, at each resolution', () => {
  const server = taker()
  server.take(sample(1, said('a', 3)), sample(2, said('a', 10)))
  server.take(sample(7, said('a', 11)))
  expect(server.requests(10)).toEqual({ 0: 3, 10: 7, 60: 1 })
  expect(server.requests(60)).toEqual({ 0: 10, 60: 1 })
  expect(server.requests(3600)).toEqual({ 0: 11 })
})

test('a sample that is sent again, or comes after a later one, is not counted again', () => {
  const server = taker()
  server.take(sample(1, said('a', 3)), sample(2, said('a', 10)))
  server.take(sample(1, said('a', 3)), sample(2, said('a', 10)), sample(3, said('a', 12)))
  server.take(sample(1, said('a', 3)))
  expect(server.requests(3600)).toEqual({ 0: 12 })
})

test('samples that were left out are in the difference of the next', () => {
  const server = taker()
  server.take(sample(1, said('a', 3)))
  server.take(sample(5, said('a', 40)))
  expect(server.requests(3600)).toEqual({ 0: 40 })
})

test('counters that begin again are counted from 0, also where they have risen above what they were', () => {
  const server = taker()
  server.take(sample(1, said('a', 3)), sample(1, said('b', 5)))
  server.take(sample(2, said('b', 9)))
  expect(server.requests(3600)).toEqual({ 0: 12 })
})

test('a late sample of an earlier beginning is not counted again, whatever the clock said then', () => {
  const server = taker()
  server.take(sample(8, said('z-clock-was-ahead', 100)))
  server.take(sample(1, said('b', 5)))
  server.take(sample(8, said('z-clock-was-ahead', 100)), sample(2, said('b', 6)))
  expect(server.requests(3600)).toEqual({ 0: 106 })
})

test('counters that fall within one beginning have been set back', () => {
  const server = taker()
  server.take(sample(1, said('a', 30)), sample(2, said('a', 4)))
  expect(server.requests(3600)).toEqual({ 0: 34 })
})

test('readings of a gauge keep their mean, extremes and the last', () => {
  const server = taker()
  for (const [at, workers] of [2, 6, 4].entries()) server.take(sample(at + 1, said('a', 0, { gauges: { workers } })))
  expect(server.gauge(0)).toEqual({ sum: 12, count: 3, min: 2, max: 6, last: 4 })
})

test('a clock that is ahead of the server puts nothing into the future', () => {
  const { figures } = foldSamples(new Map(), [sample(100, said('a', 1))], start)
  expect(figures.map(({ place }) => place.bucket)).toEqual([start, start, start].map(ms => ms / 1000))
})

test('however samples are lost, repeated and cut into calls, every request is counted once at every resolution', () => {
  const steps = fc.array(
    fc.record({ requests: fc.nat(50), restart: fc.boolean(), lost: fc.boolean(), again: fc.boolean() }),
    {
      minLength: 1,
      maxLength: 60,
    },
  )
  fc.assert(
    fc.property(steps, all => {
      const server = taker()
      let [since, count, seq, total] = [0, 0, 0, 0]
      const sent: ServiceSample[] = []
      const ends = all.map(({ restart }, at) => at === all.length - 1 || all[at + 1]?.restart || restart)
      for (const [at, { requests, restart, lost, again }] of all.entries()) {
        if (restart) [since, count, seq] = [since + 1, 0, 0]
        count += requests
        total += requests
        seq += 1
        const one = { ...sample(at + 1, said(String(since), count)), seq }
        // what a process told last before it ended has to arrive
        if (lost && !ends[at]) continue
        sent.push(one)
        server.take(...(again ? sent.slice(-6) : [one]))
      }
      for (const resolution of [10, 60, 3600])
        expect(Object.values(server.requests(resolution)).reduce((sum, one) => sum + one, 0)).toBe(total)
    }),
  )
})
