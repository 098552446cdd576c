import type { MonitorFinding, SignalResult } from '@hagane/contract'
import { eachDialect, liveRevision } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Tx } from '../../kernel/db/index.ts'
import { settleRun } from './settle.ts'
import { watchedDeployment, who } from './watched-under-test.ts'

const finding = (feature: string): MonitorFinding => ({
  ...{ signal: 'drift', feature, metric: 'jensen_shannon_distance', value: 1, threshold: 0.1, breached: true },
})
const found = (findings: MonitorFinding[], end = '2026-01-02T00:00:00.000Z'): SignalResult[] => [
  {
    ...{
      signal: 'drift',
      type: 'data_drift',
      status: findings.length > 0 ? 'breached' : 'healthy',
      notes: [],
      findings,
    },
    window: { start: '2026-01-01T00:00:00.000Z', end },
  },
]

eachDialect('the end of a run', database => {
  let watched: ReturnType<typeof watchedDeployment>
  beforeAll(() => {
    watched = watchedDeployment(database, liveRevision, { idle: true })
  })
  afterAll(() => watched.stop())
  const settle = (run: string, results: SignalResult[]) =>
    database.db().withTransaction(who, (tx: Tx) => settleRun(tx, run, results, async () => {}))
  const started = async (name: string): Promise<string> => {
    await watched.create(name, { drift: { type: 'data_drift', alert_enabled: true } })
    return watched.schedules.monitors.run(who, name, new Date('2026-01-02T00:00:00Z'))
  }
  const typesOf = async (name: string) => (await watched.events(name)).map(({ type }) => type)

  it('is written once, although two servers judged it and finish at the same time', async () => {
    const run = await started('twice')
    await Promise.all([settle(run, found([finding('x')])), settle(run, found([finding('x'), finding('y')]))])
    await settle(run, found([]))
    expect(await typesOf('twice')).toEqual(['created', 'run-completed', 'breached'])
    expect(await watched.findings('twice')).not.toEqual([])
  })

  it('tells of what is new, and of the end of all of it, whatever comes in between', async () => {
    const name = 'told-once'
    for (const [n, findings] of [
      [finding('x')],
      [finding('x')],
      [finding('x'), finding('y')],
      [finding('y')],
      [],
    ].entries()) {
      const run = n === 0 ? await started(name) : await watched.schedules.monitors.run(who, name)
      await settle(run, found(findings, `2026-01-0${n + 2}T00:00:00.000Z`))
    }
    expect((await typesOf(name)).filter(type => !type.startsWith('run-'))).toEqual([
      ...['created', 'breached', 'breached', 'recovered'],
    ])
  })

  it('resolves what is open when the monitor looks at other signals', async () => {
    const run = await started('changed')
    await settle(run, found([finding('x')]))
    await watched.create('changed', { quality: { type: 'data_quality', alert_enabled: true } })
    expect(await watched.findings('changed')).toEqual([])
    expect(await typesOf('changed')).toEqual(['created', 'run-completed', 'breached', 'updated', 'recovered'])
  })

  it('does not disturb anybody where alerts are switched off', async () => {
    await watched.create('quiet', { drift: { type: 'data_drift', alert_enabled: false } })
    await settle(await watched.schedules.monitors.run(who, 'quiet'), found([finding('x')]))
    const events = await watched.events('quiet')
    expect(events.at(-1)).toMatchObject({ type: 'breached' })
    expect(events.at(-1)?.data.alert).toBeUndefined()
  })
})

eachDialect('the monitor that a deployment is given', database => {
  let watched: ReturnType<typeof watchedDeployment>
  beforeAll(() => {
    watched = watchedDeployment(database, liveRevision, { idle: true })
  })
  afterAll(() => watched.stop())
  const tell = async (what: string, data: object = {}) => {
    await database.db().withTransaction(who, async tx =>
      tx.append({
        type: `dev.hagane.endpoint.${what}`,
        subject: 'deployment/e/blue',
        data: { endpoint: 'e', deployment: 'blue', ...data },
      }),
    )
    await watched.monitoring.catchUp()
  }
  const names = async () => (await watched.schedules.monitors.list('default', { limit: 10 })).map(({ name }) => name)
  const tick = (time: string) =>
    database
      .db()
      .withTransaction(who, async tx =>
        watched.monitoring.actions.begin(
          tx,
          await watched.schedules.monitors.get('default', 'e-blue'),
          new Date(time),
          'tick',
        ),
      )

  it('comes once, runs only when something came, steps aside for another, and goes with the deployment', async () => {
    watched.state.collects = true
    await tell('deployment-revised')
    await tell('deployment-revised')
    expect(await names()).toEqual(['e-blue'])
    expect(await tick('2026-11-26T11:00:00Z')).toBeUndefined()
    await tell('data-collected', { hour: '2026-11-26T10', files: [] })
    expect(await tick(new Date().toISOString())).toMatch(/^e-blue-/)
    expect(await tick('2126-11-26T11:00:00Z')).toBeUndefined()
    await watched.create('mine', { quality: { type: 'data_quality', alert_enabled: true } })
    expect(await names()).toEqual(['mine'])
    await tell('deployment-revised')
    expect(await names()).toEqual(['mine'])
    watched.state.deployed = false
    await tell('deployment-deleted')
    expect(await watched.schedules.monitors.get('default', 'mine')).toMatchObject({ is_enabled: 0 })
  })
})
