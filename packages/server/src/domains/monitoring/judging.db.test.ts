import type { SignalResult } from '@hagane/contract'
import {
  collectsNothing,
  eachDialect,
  exchangeFrame,
  feedbackFrame,
  headerFrame,
  liveRevision,
  predictionIdOf,
  type SeenExchange,
} from '@hagane/testkit'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'

// every judgement starts processes that read tables
vi.setConfig({ testTimeout: 240_000 })

import { watchedDeployment, who } from './watched-under-test.ts'

/** Values between 0 and 100 without a pattern that a window would see a part of. */
const spread = (n: number): number => (n * 37) % 101
const trained = (): string =>
  ['x,carrier,late', ...Array.from({ length: 400 }, (_, n) => `${spread(n)},${n % 3 ? 'AA' : 'UA'},${n % 2}`)].join(
    '\n',
  )

/** Second n: the first half moved far away, the second half is as in training. */
const row = (n: number) => ({
  n,
  request: [n < 30 ? { x: spread(n) + 500, carrier: 'ZZ' } : { x: spread(n), carrier: n % 3 ? 'AA' : 'UA' }],
  answer: [n % 2],
})
const moved = '2026-11-26T10:00:30Z'
const settled = '2026-11-26T10:01:00Z'
const window = { data_window: { lookback_window_size: 'PT30S' } }
const reference_data = {
  input_data: { path: 'azureml:train.csv' },
  data_context: 'training' as const,
  data_column_names: { target_column: 'late' },
}
const common = { alert_enabled: true, production_data: window, reference_data, minimum_rows: 20 }

eachDialect('what a monitor judges', database => {
  let watched: ReturnType<typeof watchedDeployment>
  beforeAll(() => {
    watched = watchedDeployment(database, liveRevision)
    watched.write('train.csv', trained())
    answered(Array.from({ length: 60 }, (_, n) => row(n)))
  })
  afterAll(() => watched.stop())

  /** What deployment blue answered: number n at second n of 2026-11-26T10:00. */
  const answered = (seen: SeenExchange[]): void => {
    const plan = { ...collectsNothing, collections: { model_inputs: 1, model_outputs: 1 } }
    const frames = seen.map(one => exchangeFrame(liveRevision, one))
    watched.capture(liveRevision, [headerFrame('blue', liveRevision, plan), ...frames])
  }
  const signalOf = (run: { results: SignalResult[] }, name: string): SignalResult =>
    run.results.find(one => one.signal === name) as SignalResult

  it('fires once with the rows that moved, and tells when it is over', async () => {
    await watched.create(
      'drifting',
      { drift: { type: 'data_drift', ...common } },
      { alert_notification: { emails: ['ops@example.com'] } },
    )
    const first = await watched.judged('drifting', moved)
    expect(first).toMatchObject({
      result: 'breached',
      run_tags: {
        azureml_modelmonitor_threshold_breached:
          'drift has failed due to one or more features violating metric thresholds',
      },
    })
    const found = signalOf(first, 'drift')
    expect(found).toMatchObject({ rows: 30, reference_rows: 400, reference: 'azureml:train.csv' })
    expect(found.findings[0]).toMatchObject({ breached: true })
    const breached = found.findings.filter(finding => finding.breached)
    expect(breached.find(({ feature }) => feature === 'x')?.rows?.[0]).toMatch(predictionIdOf(0).slice(0, 20))
    expect(breached.map(({ feature, metric }) => `${feature} ${metric}`).sort()).toEqual([
      'carrier jensen_shannon_distance',
      'x normalized_wasserstein_distance',
    ])
    await watched.judged('drifting', moved)
    const open = await watched.findings('drifting')
    expect(open.map(({ feature }) => feature)).toEqual(['carrier', 'x'])
    const last = await watched.judged('drifting', settled)
    expect(signalOf(last, 'drift')).toMatchObject({ status: 'healthy', rows: 30 })
    expect(await watched.findings('drifting')).toEqual([])
    // a moment before one that was judged changes nothing any more
    await watched.judged('drifting', moved)
    expect(await watched.findings('drifting')).toEqual([])
    const events = await watched.events('drifting')
    expect(events.map(({ type }) => type)).toEqual([
      ...['created', 'run-completed', 'breached', 'run-completed', 'run-completed', 'recovered', 'run-completed'],
    ])
    expect(events[2]?.data).toMatchObject({
      ...{ monitor: 'drifting', endpoint: 'e', deployment: 'blue', signal: 'drift', type: 'data_drift' },
      window: { start: '2026-11-26T10:00:00.000Z', end: '2026-11-26T10:00:30.000Z' },
      alert: {
        key: 'monitor/drifting/drift',
        state: 'firing',
        severity: 'warning',
        emails: ['ops@example.com'],
        next_command: 'hagane monitor findings -n drifting',
        summary: expect.stringContaining('e/blue: drift: '),
      },
    })
    expect(events[5]?.data).toMatchObject({ alert: { key: 'monitor/drifting/drift', state: 'resolved' } })
  })

  it('sees what is missing, of another type or out of bounds, and columns that come and go', async () => {
    const quarter = { data_window: { lookback_window_size: 'PT15S' } }
    const signal = { type: 'data_quality' as const, ...common, production_data: quarter, minimum_rows: 10 }
    await watched.create('quality', { quality: signal })
    const sound = await watched.judged('quality', '2026-11-26T10:00:45Z')
    expect(signalOf(sound, 'quality')).toMatchObject({ status: 'healthy', rows: 15 })
    answered(
      Array.from({ length: 15 }, (_, n) => ({
        n: n + 105,
        request: [{ x: n % 2 ? null : 'many', gate: 1 }],
        answer: [1],
      })),
    )
    const run = await watched.judged('quality', settled)
    const breached = signalOf(run, 'quality').findings.filter(finding => finding.breached)
    expect(breached.map(({ feature, metric }) => `${feature} ${metric}`)).toEqual(
      expect.arrayContaining([
        'x type_changed',
        'gate column_new',
        'carrier null_value_rate',
        'x data_type_error_rate',
      ]),
    )
    await watched.schedules.monitors.remove(who, 'quality')
    const events = await watched.events('quality')
    expect(events.at(-2)).toMatchObject({ type: 'recovered', data: { alert: { state: 'resolved' } } })
    expect(events.at(-1)?.type).toBe('deleted')
  })

  it.each([
    ['an empty window', { time: '2026-11-26T09:00:00Z' }, 'nothing was answered in the window'],
    ['too few rows', { time: '2026-11-26T10:00:05Z' }, 'too few to judge: at least 20'],
    ['a reference that is gone', { reference: 'azureml:gone.csv' }, 'azureml:gone.csv'],
  ])('says why of %s', async (_, { time = settled, reference }: { time?: string; reference?: string }, reason) => {
    const data = reference === undefined ? reference_data : { input_data: { path: reference } }
    await watched.create('told', { drift: { type: 'data_drift', ...common, reference_data: data } })
    const run = await watched.judged('told', time)
    expect(run).toMatchObject({ status: 'Completed', result: 'not_judged' })
    expect(signalOf(run, 'drift').reason).toContain(reason)
  })

  it('scores the labels that came in the window, late ones too, each once', async () => {
    const hour = { data_window: { lookback_window_size: 'PT1H' } }
    await watched.create(
      'scored',
      {
        scores: {
          type: 'model_performance',
          alert_enabled: true,
          production_data: hour,
          minimum_rows: 20,
          slices: ['carrier'],
        },
      },
      { monitoring_target: { ml_task: 'classification', endpoint_deployment_id: 'azureml:e:blue' } },
    )
    // the first 15 predictions turned out wrong, the next 25 right; one label came twice, one names nobody
    const said = Array.from({ length: 40 }, (_, n) => ({
      key: `${predictionIdOf(n)}-0`,
      labels: { label: n < 15 ? 1 - (n % 2) : n % 2 },
    }))
    watched.capture('feedback-default', [
      feedbackFrame('2026-11-26T12:10:00.000Z', [
        ...said,
        said[0] as never,
        { key: 'pr-nobody', labels: { label: 1 } },
      ]),
    ])
    const run = await watched.judged('scored', '2026-11-26T13:00:00Z')
    const scores = signalOf(run, 'scores')
    expect(scores).toMatchObject({ status: 'breached', rows: 40, reference_rows: 40 })
    const accuracy = scores.findings.find(({ metric, segment }) => metric === 'accuracy' && segment === undefined)
    expect(accuracy).toMatchObject({ value: 0.625, threshold: 0.9, breached: true })
    expect(scores.findings.some(({ segment }) => segment?.startsWith('carrier = '))).toBe(true)
    expect(scores.notes).toEqual(['1 labels name predictions that are not known here'])
    const next = await watched.judged('scored', '2026-11-26T14:00:00Z')
    expect(signalOf(next, 'scores')).toMatchObject({ status: 'not_judged', reason: 'no feedback came in the window' })
    expect((await watched.findings('scored')).map(({ metric }) => metric)).toContain('accuracy')
  })

  it('judges rows as a whole and the order of importances', async () => {
    await watched.create('whole', {
      whole: { type: 'multivariate_drift', ...common },
      attribution: { type: 'feature_attribution_drift', ...common },
    })
    const run = await watched.judged('whole', moved)
    expect(signalOf(run, 'whole')).toMatchObject({ status: 'breached', rows: 30 })
    const attribution = signalOf(run, 'attribution').findings
    expect(attribution[0]).toMatchObject({ metric: 'normalized_discounted_cumulative_gain', threshold: 0.9 })
    expect(attribution.slice(1).map(({ feature }) => feature)).toEqual(['x', 'carrier'])
  })

  it('says why of a deployment that was deleted', async () => {
    await watched.create('gone', { drift: { type: 'data_drift', ...common } })
    watched.state.deployed = false
    const run = await watched.judged('gone', settled)
    watched.state.deployed = true
    expect(signalOf(run, 'drift').reason).toBe('there is no deployment blue at endpoint e')
  })
})
