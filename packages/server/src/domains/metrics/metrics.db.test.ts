import {
  alertmanagerRoutes,
  alertSignal,
  auditRoutes,
  type ServiceSample,
  type ServiceSamples,
  serviceMetricRoutes,
} from '@hagane/contract'
import { buildTestApp, eachDialect, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase } from '../../kernel/db/index.ts'
import { deleteBefore, forgetSubjects } from './store.ts'
import { takeSamples } from './take.ts'

const blue = 'endpoint/flights/deployment/blue'
const now = Math.floor(Date.now() / 10_000) * 10_000

const sample = (
  seq: number,
  requests: number,
  minutesAgo: number,
  since = 'a',
  workspace = 'default',
): ServiceSample => ({
  ...{ seq, seconds: 10 },
  time: new Date(now - minutesAgo * 60_000).toISOString(),
  subjects: [
    {
      ...{ workspace, subject: blue, since, gauges: { workers: 2 } },
      counters: { 'requests/200': requests, 'requests/500': requests / 10 },
      histograms: { latency: { sum: requests / 100, counts: { 0.01: requests } } },
    },
  ],
})
const of = (source: string, ...samples: ServiceSample[]): ServiceSamples => ({ source, samples })

eachDialect('service metrics', database => {
  let app: TestApp
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location() } })
  })
  afterAll(() => app[Symbol.asyncDispose]())

  const query = (metric: string, more: Record<string, string> = {}) =>
    app.client.call(serviceMetricRoutes.query, { query: { metric, subject: blue, ...more } })
  const total = async (metric = 'requests') => (await query(metric, { aggregation: 'total' })).value

  it('are counted once however often and to however many servers they are told', async () => {
    // SQLite has one server, and so one writer
    const isShared = database.dialect === 'postgres'
    const other = isShared ? openDatabase(database.location(), database.db().clock) : database.db()
    const first = of('gateway/1', sample(1, 100, 20), sample(2, 150, 10))
    const told = [first, first, of('gateway/1', sample(2, 150, 10), sample(3, 200, 5))]
    await Promise.all(told.flatMap(one => [takeSamples(database.db(), one), takeSamples(other, one)]))
    if (isShared) await other.close()
    expect(await total()).toBe(220)
    expect(await total('errors')).toBe(20)
  })

  it('of several gateways add up, and quantiles are those of all', async () => {
    await app.client.call(serviceMetricRoutes.samples, { body: of('gateway/2', sample(1, 1000, 5)) })
    expect(await total()).toBe(1320)
    expect((await query('error_rate')).value).toBeCloseTo(120 / 1320, 12)
    expect((await query('latency', { aggregation: 'p50' })).value).toBeCloseTo(0.0095, 4)
    expect((await query('workers', { aggregation: 'maximum' })).value).toBe(4)
  })

  it('are told step by step, and of everything below a subject', async () => {
    const series = await query('requests', { subject: 'endpoint/flights', aggregation: 'total', step: '5m' })
    expect(series).toMatchObject({ kind: 'counter', unit: '{request}', step: 300, resolution: 10 })
    const values = series.points.flatMap(({ value }) => (value === null ? [] : [value]))
    expect(values.reduce((sum, value) => sum + value, 0)).toBe(1320)
    expect(series.points.length).toBeGreaterThanOrEqual(12)
    expect((await query('requests', { subject: 'endpoint/flight' })).value).toBeNull()
  })

  it('of another workspace are not told', async () => {
    await takeSamples(database.db(), of('gateway/3', sample(1, 5, 5, 'a', 'elsewhere')))
    expect(await total()).toBe(1320)
    const { items } = await app.client.call(serviceMetricRoutes.subjects, { query: { subject: 'endpoint' } })
    expect(items).toMatchObject([{ subject: blue, metrics: ['latency', 'requests/200', 'requests/500', 'workers'] }])
  })

  it('that are asked for wrongly are refused with what is allowed', async () => {
    const refusals = [
      [{ metric: 'requets' }, /no service metric 'requets'/],
      [{ metric: 'requests', aggregation: 'p95' }, /requests is a counter and has no 'p95'/],
      [{ metric: 'requests', aggregation: 'mean' }, /one of rate, total/],
      [{ metric: 'workers/3' }, /no service metric/],
      [{ metric: 'requests', subject: 'flights' }, /endpoint\/<name>/],
      [{ metric: 'requests', step: '7s' }, /multiple of 10s/],
      [{ metric: 'requests', since: 'yesterday' }, /since/],
      [{ metric: 'requests', since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' }, /before until/],
    ] as const
    for (const [{ metric, ...more }, message] of refusals) {
      const refused = await query(metric, more).catch((error: unknown) => error)
      expect(refused).toMatchObject({ kind: 'invalid' })
      expect(JSON.stringify([(refused as Error).message, (refused as { details: unknown }).details])).toMatch(message)
    }
  })

  it('tell of the server itself', async () => {
    const own = await buildTestApp({ settings: { database: database.location() }, serverId: 'own' })
    for (let call = 0; call < 6; call += 1) await own.client.call(serviceMetricRoutes.names, {})
    await own[Symbol.asyncDispose]()
    const until = new Date(Date.now() + 60_000).toISOString()
    const server = (metric: string, aggregation?: string) =>
      query(metric, { subject: 'server/own', until, ...(aggregation && { aggregation }) })
    expect((await server('api_requests', 'total')).value).toBeGreaterThan(5)
    expect((await server('api_errors', 'total')).value).toBe(0)
    expect((await server('api_latency')).value).toBeGreaterThan(0)
    expect((await server('database_latency', 'count')).value).toBeGreaterThan(0)
    expect((await server('event_lag')).value).toBeGreaterThanOrEqual(0)
    for (const name of ['memory_bytes', 'machine_memory_bytes', 'disk_free_bytes'])
      expect((await server(name)).value).toBeGreaterThan(1e6)
  })

  it('of Prometheus: an alert that Alertmanager repeats is one event when it begins and one when it ends', async () => {
    const alert = {
      ...{ status: 'firing' as const, startsAt: '2026-11-26T12:00:00Z', fingerprint: 'abc123' },
      labels: { alertname: 'HaganeNoWorkers', severity: 'critical', endpoint: 'flights' },
      annotations: { summary: 'flights/blue has no worker that answers', next_command: 'hagane status' },
    }
    const tell = (...alerts: (Omit<typeof alert, 'status'> & { status: 'firing' | 'resolved' })[]) =>
      app.client.call(alertmanagerRoutes.take, { body: { alerts } })
    await tell({ ...alert, status: 'resolved', fingerprint: 'never-fired' })
    for (const status of ['firing', 'firing', 'resolved', 'resolved'] as const) await tell({ ...alert, status })
    await tell({ ...alert, startsAt: '2026-11-26T13:00:00Z' })
    const { items } = await app.client.call(auditRoutes.list, { query: { subject: 'prometheus/*' } })
    expect(items.map(({ type }) => type.split('.').at(-1))).toEqual(['alert-firing', 'alert-resolved', 'alert-firing'])
    expect(alertSignal.parse(items[0]?.data.alert)).toMatchObject({
      ...{ key: 'prometheus/abc123', state: 'firing', severity: 'critical', group: 'prometheus/HaganeNoWorkers' },
      ...{ summary: 'flights/blue has no worker that answers', next_command: 'hagane status' },
    })
  })

  it('are deleted by resolution when they are old', async () => {
    await takeSamples(database.db(), of('gateway/1', sample(9, 300, -1)))
    await deleteBefore(database.db(), 10, now / 1000 + 3600)
    const [fine, coarse] = [{ step: '10s', since: new Date(now - 600_000).toISOString() }, { step: '1m' }]
    expect((await query('requests', fine)).value).toBeNull()
    expect(
      (await query('requests', { ...coarse, since: new Date(now - 7 * 3_600_000).toISOString() })).value,
    ).not.toBeNull()
    await forgetSubjects(database.db(), now / 1000 + 3600)
    const { items } = await app.client.call(serviceMetricRoutes.subjects, { query: { subject: 'endpoint' } })
    expect(items).toEqual([])
  })
})
