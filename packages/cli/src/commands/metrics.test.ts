import { type MetricSeries, serviceMetricRoutes } from '@hagane/contract'
import { expect, it } from 'vitest'
import { bind } from '../testing/contract-server.ts'
import { withRoutes } from '../testing/with-routes.ts'

const seriesOf = (metric: string, values: (number | null)[], unit: string): MetricSeries => ({
  ...{ metric, subject: 'endpoint/flights', aggregation: 'p99', kind: 'histogram', unit, step: 60, resolution: 10 },
  ...{ since: '2026-11-26T12:00:00.000Z', until: '2026-11-26T12:03:00.000Z', value: 0.02 },
  points: values.map((value, at) => ({ time: `2026-11-26T12:0${at}:00.000Z`, value })),
})

it('query sends what was asked and draws the answer', async () => {
  const asked: unknown[] = []
  const query = bind(serviceMetricRoutes.query, call => {
    asked.push(call.query)
    return seriesOf('latency', [0.01, null, 0.04], 's')
  })
  await withRoutes([query], async run => {
    const words = ['metrics', 'query', '-m', 'latency', '-s', 'endpoint/flights', '--aggregation', 'p99']
    const drawn = await run(...words, '--since', '2026-11-26', '--step', '1m', '-o', 'table')
    expect(asked[0]).toEqual({
      ...{ metric: 'latency', subject: 'endpoint/flights', aggregation: 'p99', step: '1m' },
      since: '2026-11-26T00:00:00.000Z',
    })
    expect(drawn.err).toContain('p99 latency of endpoint/flights: 20 ms  ▃ █')
    expect(drawn.out).toMatch(/12:02:00.000Z\s+40 ms/)
    expect(JSON.parse((await run(...words)).out)).toMatchObject({ value: 0.02, unit: 's' })
    expect((await run('metrics', 'query', '-m', 'latency', '-s', 'x', '--since', 'soon')).code).toBe(2)
  })
})

it('show asks for what a thing has, parts as the whole', async () => {
  const asked: string[] = []
  const query = bind(serviceMetricRoutes.query, call => {
    asked.push(call.query.metric)
    return seriesOf(call.query.metric, [1], '{event}')
  })
  const metrics = ['event_lag/lineage', 'event_lag/audit', 'memory_bytes', 'from_a_newer_server']
  const subjects = bind(serviceMetricRoutes.subjects, () => ({
    items: [{ subject: 'server/a', metrics, last_time: '2026-11-26T12:00:00.000Z' }],
  }))
  await withRoutes([query, subjects], async run => {
    const { out } = await run('metrics', 'show', '-s', 'server', '-o', 'table')
    expect(asked).toEqual(['event_lag', 'memory_bytes'])
    expect(out).toMatch(/event_lag\s+p99/)
  })
})
