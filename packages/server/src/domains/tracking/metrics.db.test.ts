import { at, buildTestApp, eachDialect, MlflowApi, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openFileStore } from '../../kernel/blobs/index.ts'
import type { Who } from '../../kernel/db/index.ts'
import { buildLog } from '../../kernel/log.ts'
import { buildTracking, type Tracking } from './index.ts'

const who: Who = { workspace: 'default', actor: 'job:test' }

eachDialect('metric histories', database => {
  let app: TestApp
  let mlflow: MlflowApi
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location() } })
    mlflow = new MlflowApi(app.url)
  })
  afterAll(() => app[Symbol.asyncDispose]())

  type Row = { step: number; timestamp: number; value: number | string; run_id?: string }
  const log = (run_id: string, rows: readonly (readonly [number, number, number | string])[], key = 'm') =>
    mlflow.post('runs/log-batch', {
      run_id,
      metrics: rows.map(([step, timestamp, value]) => ({ key, step, timestamp, value })),
    })
  const history = async (run_id: string, input: object = {}) =>
    ((await mlflow.get('metrics/get-history', { run_id, metric_key: 'm', ...input })).metrics ?? []) as Row[]
  const plain = (rows: Row[]) => rows.map(({ step, timestamp, value }) => [step, timestamp, value])

  it('are by timestamp, step and value, over batches, each exact point once', async () => {
    const run = await mlflow.run()
    await log(run, [
      [3, 2, 1],
      [1, 1, 5],
    ])
    await log(run, [
      [3, 2, 1],
      [2, 1, 'NaN'],
      [-4, 1, 0.1],
    ])
    await log(run, [[1, 1, 4]], 'other')
    expect(plain(await history(run))).toEqual([
      [-4, 1, 0.1],
      [1, 1, 5],
      [2, 1, 'NaN'],
      [3, 2, 1],
    ])
    expect(await mlflow.get('metrics/get-history', { run_id: run, metric_key: 'none' })).toEqual({})
    expect(await mlflow.get('metrics/get-history', { run_id: 'unknown', metric_key: 'm' })).toEqual({})
  })

  it('are read whole without max_results and in pages with it', async () => {
    const run = await mlflow.run()
    await log(
      run,
      Array.from({ length: 10 }, (_, i) => [i, i, i] as const),
    )
    expect(await history(run)).toHaveLength(10)
    const first = await mlflow.get('metrics/get-history', { run_id: run, metric_key: 'm', max_results: 4 })
    const second = await mlflow.get('metrics/get-history', {
      run_id: run,
      metric_key: 'm',
      max_results: 6,
      page_token: String(first.next_page_token),
    })
    expect(first.metrics).toHaveLength(4)
    expect(plain(second.metrics as Row[]).map(([step]) => step)).toEqual([4, 5, 6, 7, 8, 9])
    expect(second.next_page_token).toBeUndefined()
    for (const max_results of [0, -1])
      expect(
        await mlflow.refused('GET', 'metrics/get-history', { run_id: run, metric_key: 'm', max_results }),
      ).toMatchObject({ status: 400 })
  })

  it('of several runs are sampled run by run, first and last point among them', async () => {
    const [one, two] = [await mlflow.run(), await mlflow.run()]
    await log(
      one,
      Array.from({ length: 10 }, (_, i) => [i, 1, 10] as const),
    )
    await log(
      two,
      Array.from({ length: 20 }, (_, i) => [i, 1, 10] as const),
    )
    const sample = await mlflow.get('metrics/get-history-bulk-interval', {
      run_ids: [one, two],
      metric_key: 'm',
      max_results: 5,
    })
    const rows = sample.metrics as Row[]
    expect(rows.filter(row => row.run_id === one).map(row => row.step)).toEqual([0, 2, 4, 6, 9])
    expect(rows.filter(row => row.run_id === two).map(row => row.step)).toEqual([0, 4, 8, 12, 19])
    const within = await mlflow.get('metrics/get-history-bulk-interval', {
      run_ids: [one],
      metric_key: 'm',
      start_step: 2,
      end_step: 4,
    })
    expect((within.metrics as Row[]).map(row => row.step)).toEqual([2, 3, 4])
  })

  it.each([
    [{}, "Missing value for required parameter 'run_ids'."],
    [
      { run_ids: Array.from({ length: 101 }, (_, i) => `r${i}`), metric_key: 'k' },
      'GetMetricHistoryBulkInterval request must specify at most 100 run_ids. Received 101 run_ids.',
    ],
    [{ run_ids: ['r'], metric_key: 'k', max_results: 2501 }, 'max_results must be between 1 and 2500.'],
    [
      { run_ids: ['r'], metric_key: 'k', start_step: 3, end_step: 1 },
      'end_step must be greater than start_step. Found start_step=3 and end_step=1.',
    ],
    [
      { run_ids: ['r'], metric_key: 'k', start_step: 3 },
      'If either start step or end step are specified, both must be specified.',
    ],
  ])('refuse a wrong interval: %#', async (input, message) => {
    expect(await mlflow.refused('GET', 'metrics/get-history-bulk-interval', input)).toMatchObject({
      status: 400,
      message: expect.stringContaining(message),
    })
  })

  describe('in the store', () => {
    let tracking: Tracking
    beforeAll(() => {
      tracking = buildTracking({ db: database.db(), blobs: openFileStore(app.dir), log: buildLog('silent') })
    })
    afterAll(() => tracking.stop())
    const inTx = <T>(fn: Parameters<ReturnType<typeof database.db>['withTransaction']>[1]) =>
      database.db().withTransaction(who, fn) as Promise<T>

    it('stay the same when many small batches are joined into one', async () => {
      const run = await mlflow.run()
      const points = Array.from({ length: 300 }, (_, i) => ({
        key: i % 2 === 0 ? 'm' : 'n',
        value: i,
        timestamp: i,
        step: i,
      }))
      for (let i = 0; i < points.length; i += 3) await inTx(tx => tracking.logMetrics(tx, run, points.slice(i, i + 3)))
      const before = await history(run)
      await mlflow.post('runs/search', { experiment_ids: ['0'], filter: 'metrics.m > 0' })
      const segments = await database
        .db()
        .reads.withTables<{
          metric_segments: { points: number; run_no: number }
          runs: { run_no: number; run_id: string }
        }>()
        .selectFrom('metric_segments')
        .innerJoin('runs', 'runs.run_no', 'metric_segments.run_no')
        .select('points')
        .where('runs.run_id', '=', run)
        .execute()
      expect(segments.reduce((sum, segment) => sum + segment.points, 0)).toBe(300)
      expect(segments.length).toBeLessThan(20)
      expect(await history(run)).toEqual(before)
      expect(before).toHaveLength(150)
      expect(await tracking.latestMetrics('default', run)).toEqual({ m: 298, n: 299 })
    })

    it('are copied with params, inputs and artifacts when a step is used again', async () => {
      await mlflow.put('0/x/artifacts/ignored', '1')
      const from = await mlflow.run()
      await log(from, [
        [1, 1, 1],
        [2, 2, 2],
      ])
      await mlflow.post('runs/log-batch', { run_id: from, params: [{ key: 'lr', value: '1' }] })
      await mlflow.put(`0/${from}/artifacts/model/MLmodel`, 'flavors: {}')
      await inTx(async tx => {
        await tracking.createRun(tx, {
          runId: 'happy_fox_1',
          experimentId: await tracking.ensureExperiment(tx, 'jobs'),
          startTime: 1,
          parentRunId: from,
          tags: { a: 'b' },
          params: { own: 'x' },
        })
        await tracking.copyRun(tx, from, 'happy_fox_1')
        await tracking.setRunStatus(tx, 'happy_fox_1', 'FINISHED', 5)
      })
      expect(plain(await history('happy_fox_1'))).toEqual([
        [1, 1, 1],
        [2, 2, 2],
      ])
      const run = (await mlflow.get('runs/get', { run_id: 'happy_fox_1' })).run
      expect(run).toMatchObject({
        info: { status: 'FINISHED', end_time: 5 },
        data: {
          metrics: [{ key: 'm', value: 2 }],
          tags: expect.arrayContaining([{ key: 'mlflow.parentRunId', value: from }]),
        },
      })
      expect(at(run, 'data.params')).toHaveLength(2)
      const { tree, path } = await tracking.artifactTree('default', 'happy_fox_1', 'model')
      expect({ path, entries: (await openFileStore(app.dir).getTree(tree)).entries }).toMatchObject({
        path: '',
        entries: [{ path: 'MLmodel', size: 11 }],
      })
      expect(await tracking.artifactTree('default', 'happy_fox_1', 'model/MLmodel')).toMatchObject({ path: 'MLmodel' })
      await expect(tracking.artifactTree('default', 'happy_fox_1', 'nothing')).rejects.toThrow('No such artifact')
    })

    it('make the same experiment once however many ask for it', async () => {
      const ask = () => inTx<string>(tx => tracking.ensureExperiment(tx, 'same'))
      const ids = await Promise.all(Array.from({ length: 5 }, ask))
      expect(new Set(ids).size).toBe(1)
    })

    it('count NaN as the latest value where it was logged last', async () => {
      const run = await mlflow.run()
      await log(run, [
        [1, 1, 5],
        [2, 1, 'NaN'],
      ])
      expect(await tracking.latestMetrics('default', run)).toEqual({ m: Number.NaN })
    })
  })
})
