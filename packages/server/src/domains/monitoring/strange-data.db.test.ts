import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MonitorFinding, MonitorSignal, SignalResult } from '@hagane/contract'
import {
  collectsNothing,
  exchangeFrame,
  feedbackFrame,
  headerFrame,
  liveRevision,
  predictionIdOf,
  type SeenExchange,
} from '@hagane/testkit'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { type Database, openDatabase } from '../../kernel/db/index.ts'
import { migrate } from '../../kernel/db/migrate.ts'
import { migrations } from '../../migrations/index.ts'
import { watchedDeployment, who } from './watched-under-test.ts'

// every judgement starts a process that reads tables
vi.setConfig({ testTimeout: 240_000 })

let db: Database
let dir: string
let watched: ReturnType<typeof watchedDeployment>
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'hagane-strange-'))
  db = openDatabase(join(dir, 'test.db'), systemClock)
  await migrate(db, migrations)
  watched = watchedDeployment({ db: () => db }, liveRevision)
})
afterEach(async () => {
  await watched.stop()
  await db.close()
  rmSync(dir, { recursive: true, force: true })
})

const moment = '2026-11-26T11:00:00Z'
const hour = { data_window: { lookback_window_size: 'PT1H' } }
const reference_data = {
  input_data: { path: 'azureml:train.csv' },
  data_context: 'training' as const,
  data_column_names: { target_column: 'late' },
}
const common = { alert_enabled: true, production_data: hour, reference_data, minimum_rows: 1 }
const spread = (n: number): number => (n * 37) % 101

function answered(seen: SeenExchange[]): void {
  const plan = { ...collectsNothing, collections: { model_inputs: 1, model_outputs: 1 } }
  watched.capture(liveRevision, [
    headerFrame('blue', liveRevision, plan),
    ...seen.map(one => exchangeFrame(liveRevision, one)),
  ])
}
const csv = (columns: string[], row: (n: number) => unknown[], rows = 200): string =>
  [columns.map(quoted), ...Array.from({ length: rows }, (_, n) => row(n))].map(cells => cells.join(',')).join('\n')
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`

async function judged(signals: Record<string, MonitorSignal>, time = moment): Promise<SignalResult[]> {
  await watched.create('m', signals)
  return (await watched.judged('m', time)).results
}
const of = (result: SignalResult | undefined, feature: string): MonitorFinding[] =>
  result?.findings.filter(finding => finding.feature === feature) ?? []
const breached = (result: SignalResult | undefined): string[] =>
  (result?.findings ?? []).filter(one => one.breached).map(one => `${one.feature} ${one.metric}`)

describe('columns as nobody wishes them', () => {
  it('empty, constant, infinite, of one row, named by anything: each has a verdict or a reason', async () => {
    const strange = `von "wo" 'x'; drop`
    const names = ['empty', 'same', 'other', 'infinite', strange, '温度', 'late']
    watched.write(
      'train.csv',
      csv(names, n => [spread(n), 7, 7, spread(n), n % 2 ? 'AA' : 'UA', spread(n) / 10, n % 2]),
    )
    answered(
      Array.from({ length: 50 }, (_, n) => ({
        n,
        request: [
          {
            ...{ empty: null, same: 7, other: 8, infinite: n % 2 ? 'Infinity' : spread(n) },
            ...{ [strange]: n % 2 ? 'AA' : 'UA', 温度: spread(n) / 10 },
          },
        ],
        answer: [n % 2],
      })),
    )
    const [drift, quality] = await judged({
      drift: { type: 'data_drift', ...common },
      quality: { type: 'data_quality', ...common },
    })
    expect(drift).toMatchObject({ status: 'breached', rows: 50, reference_rows: 200 })
    expect(breached(drift)).toEqual(['other normalized_wasserstein_distance'])
    for (const finding of of(drift, 'empty'))
      expect(finding).toMatchObject({ value: null, breached: false, note: 'the current has no value here' })
    expect(of(drift, 'same')[0]).toMatchObject({ value: 0, breached: false })
    expect(of(drift, strange).length).toBeGreaterThan(0)
    expect(of(drift, '温度').length).toBeGreaterThan(0)
    expect(breached(quality)).toEqual(expect.arrayContaining(['empty null_value_rate', 'other out_of_bounds_rate']))
    const single = await watched.judged('m', '2026-11-26T10:00:01Z')
    expect(single.results[0]).toMatchObject({ rows: 1 })
    expect(single.status).toBe('Completed')
  })

  it('NaN and Infinity in the bodies of requests are missing and out of bounds', async () => {
    watched.write(
      'train.csv',
      csv(['x', 'late'], n => [spread(n), n % 2]),
    )
    const body = (x: string) => `[{"x": ${x}}]`
    answered(
      Array.from({ length: 40 }, (_, n) => ({
        n,
        request: Buffer.from(body(n % 4 === 0 ? 'NaN' : n % 4 === 1 ? 'Infinity' : String(spread(n)))),
        answer: [n % 2],
      })),
    )
    const [quality] = await judged({ quality: { type: 'data_quality', ...common } })
    expect(quality).toMatchObject({ rows: 40, status: 'breached' })
    expect(of(quality, 'x').find(({ metric }) => metric === 'null_value_rate')).toMatchObject({ value: 0.25 })
    expect(of(quality, 'x').find(({ metric }) => metric === 'out_of_bounds_rate')?.value).toBeCloseTo(1 / 3)
  })

  it('a label for each class is scored by the probability of the positive one', async () => {
    answered(Array.from({ length: 40 }, (_, n) => ({ n, request: [{ x: n }], answer: [[1 - n / 40, n / 40]] })))
    const said = Array.from({ length: 40 }, (_, n) => ({
      key: `${predictionIdOf(n)}-0`,
      labels: { label: n >= 20 ? 1 : 0 },
    }))
    watched.capture('feedback-default', [feedbackFrame('2026-11-26T10:30:00.000Z', said)])
    const production_data = { ...hour, data_column_names: { prediction_probability: 'prediction_1' } }
    const [scores] = await judged({ scores: { type: 'model_performance', alert_enabled: true, production_data } })
    expect(scores).toMatchObject({ status: 'healthy', rows: 40 })
    const found = Object.fromEntries((scores?.findings ?? []).map(({ metric, value }) => [metric, value]))
    expect(found).toMatchObject({ accuracy: 1, roc_auc: 1 })
  })
})

describe('which rows and which reference', () => {
  beforeEach(() => {
    answered(
      Array.from({ length: 60 }, (_, n) => ({
        n,
        request: [{ x: n % 2 ? spread(n) + 500 : spread(n), carrier: n % 2 ? 'AA' : 'UA' }],
        answer: [n % 2],
      })),
    )
    watched.write(
      'train.csv',
      csv(['x', 'carrier', 'late'], n => [spread(n), n % 2 ? 'AA' : 'UA', n % 2]),
    )
  })
  const drift = (more: object): MonitorSignal => ({ type: 'data_drift', ...common, features: ['x'], ...more }) as never
  const only = (...feature_values: string[]) => ({ data_segment: { feature_name: 'carrier', feature_values } })

  it('a segment is judged apart, on both sides', async () => {
    const [sound, moved, gone, wrong] = await judged({
      sound: drift(only('UA')),
      moved: drift(only('AA')),
      gone: drift(only('ZZ')),
      wrong: drift({ data_segment: { feature_name: 'airline', feature_values: ['AA'] } }),
    })
    expect(sound).toMatchObject({ status: 'healthy', rows: 30, reference_rows: 100 })
    expect(sound?.notes).toEqual(['only rows with carrier = UA'])
    expect(moved).toMatchObject({ status: 'breached', rows: 30, reference_rows: 100 })
    expect(gone).toMatchObject({ status: 'not_judged', rows: 0 })
    expect(wrong?.reason).toContain("has no column 'airline'")
  })

  it('training data are found by lineage; explained importances choose the features', async () => {
    watched.state.makers = ['train-1']
    watched.state.explained = { job: 'explain-1', features: { x: 0.1, carrier: 0.9 } }
    await db.withTransaction(who, async tx =>
      tx.append({
        type: 'dev.hagane.job.starting',
        subject: 'job/train-1',
        data: { inputs: { training_data: { tree: 'train.csv', path: '', from: 'azureml:flights:3' } } },
      }),
    )
    const found = { type: 'data_drift' as const, alert_enabled: true, production_data: hour }
    const [all, top, order] = await judged({
      all: found,
      top: { ...found, features: { top_n_feature_importance: 1 } },
      order: { type: 'feature_attribution_drift', alert_enabled: true, production_data: hour },
    })
    expect(all).toMatchObject({ status: 'breached', reference_rows: 200 })
    expect(all?.reference).toBe('azureml:flights:3, which model m:1 was trained on')
    expect(top?.notes).toEqual(['the 1 most important of 2 features are judged (as job explain-1 explains the model)'])
    expect([...new Set(top?.findings.map(({ feature }) => feature))]).toEqual(['carrier'])
    expect(order?.notes).toEqual(['importances of training are those of job explain-1'])
    expect(of(order, 'carrier')[0]).toMatchObject({ note: '0.9 in training' })
  })

  it('a table that was deleted since is told, and the other signals go on', async () => {
    const [gone, quality] = await judged({
      gone: drift({ reference_data: { input_data: { path: 'azureml:gone.csv' }, data_context: 'training' } }),
      quality: { type: 'data_quality', ...common },
    })
    expect(gone).toMatchObject({ status: 'not_judged', reason: expect.stringContaining('azureml:gone.csv') })
    expect(quality).toMatchObject({ rows: 60 })
  })

  it('of tables with times the window is taken, and of others all rows with a word', async () => {
    const day = (n: number) => new Date(Date.parse('2026-11-20T00:00:00Z') + n * 3_600_000).toISOString()
    watched.write(
      'named.csv',
      csv(['x', 'carrier', 'at'], n => [spread(n) + (n < 100 ? 500 : 0), 'AA', day(n)], 144),
    )
    const named = (more: object) =>
      drift({ production_data: { input_data: { path: 'azureml:named.csv' }, data_context: 'model_inputs', ...more } })
    const times = { data_column_names: { timestamp: 'at' } }
    const size = (lookback_window_size: string, lookback_window_offset = 'P0D') => ({
      data_window: { lookback_window_size, lookback_window_offset },
    })
    const [last, before, newest, untimed, wrong] = await judged(
      {
        last: named({ ...times, ...size('P1D') }),
        before: named({ ...times, ...size('P2D', 'P3D') }),
        newest: named({ ...times, data_window: { rows: 12 } }),
        untimed: named(size('P1D')),
        wrong: named({ data_column_names: { timestamp: 'when' }, ...size('P1D') }),
      },
      '2026-11-26T00:00:00Z',
    )
    expect(last).toMatchObject({ rows: 24, status: 'healthy' })
    expect(before).toMatchObject({ rows: 48, status: 'breached' })
    expect(newest).toMatchObject({ rows: 12 })
    expect(untimed).toMatchObject({ rows: 144 })
    expect(untimed?.notes[0]).toContain('data_column_names.timestamp')
    expect(wrong?.reason).toContain("has no column 'when'")
  })

  it('what a batch deployment scored is judged by its jobs', async () => {
    watched.state.scored = ['batch-1', 'batch-2']
    for (const [i, file] of ['a.csv', 'b.csv'].entries()) {
      watched.write(
        file,
        csv(['x', 'carrier'], n => [spread(n) + 500 * i, 'AA'], 60),
      )
      await db.withTransaction(who, async tx =>
        tx.append({
          type: 'dev.hagane.job.starting',
          subject: `job/batch-${i + 1}`,
          data: { inputs: { data: { tree: file, path: '' } } },
        }),
      )
    }
    const [inputs, outputs, part] = await judged({
      inputs: drift({}),
      outputs: { type: 'prediction_drift', ...common },
      part: drift(only('AA')),
    })
    expect(inputs).toMatchObject({ status: 'breached', rows: 120 })
    expect(outputs?.reason).toContain('of a batch deployment the inputs are judged')
    expect(part?.reason).toContain('judged as a whole')
    watched.state.scored = []
    expect((await watched.judged('m', moment)).results[0]).toMatchObject({
      reason: 'no job has completed in the window',
    })
  })
})

it('a run whose reader is killed is judged again, and told once', async () => {
  watched.write(
    'train.csv',
    csv(['x', 'late'], n => [spread(n), n % 2]),
  )
  answered(Array.from({ length: 40 }, (_, n) => ({ n, request: [{ x: spread(n) + 500 }], answer: [n % 2] })))
  await watched.create('m', { drift: { type: 'data_drift', ...common } })
  watched.state.killReaders = 2
  const run = await watched.judged('m', moment)
  expect(watched.state.killReaders).toBe(0)
  expect(run).toMatchObject({ status: 'Completed', result: 'breached' })
  expect((await watched.events('m')).map(({ type }) => type)).toEqual(['created', 'run-completed', 'breached'])
})
