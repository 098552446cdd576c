import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AlertNotification,
  alertRoutes,
  alertRuleRoutes,
  silenceRoutes,
  subscriptionRoutes,
} from '@hagane/contract'
import { buildTestApp, eachDialect, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openReceiver, type Receiver } from './testing/receiver.ts'

const clock = { ahead: 0, now: () => new Date(Date.now() + clock.ahead) }
const MINUTE = 60_000

eachDialect('alerts of two servers on one database', database => {
  const apps: TestApp[] = []
  let receiver: Receiver
  const call = ((...of: Parameters<TestApp['client']['call']>) =>
    (apps[0] as TestApp).client.call(...of)) as TestApp['client']['call']
  const append = (type: string, subject: string, data: Record<string, unknown> = {}) =>
    (apps[0] as TestApp).app.db.withTransaction({ workspace: 'default', actor: 'user:test' }, async tx => {
      tx.append({ type, subject, data })
    })
  const signal = (key: string, state: 'firing' | 'resolved', more: object = {}) =>
    append('dev.hagane.monitor.breached', `monitor/${key}`, {
      alert: { key, state, severity: 'error', summary: `${key} moved`, group: key.split('/')[0], ...more },
    })
  const eventsOf = async (type: string): Promise<Record<string, unknown>[]> => {
    const query = (apps[0] as TestApp).app.db.reads.selectFrom('events').select('data').where('type', '=', type)
    return (await query.orderBy('seq').execute()).map(row => JSON.parse(row.data))
  }
  const toldOf = async (group: string) => {
    const told = (await eventsOf('dev.hagane.alert.notification')) as unknown as AlertNotification[]
    return told.filter(one => one.group === group)
  }
  const alertOf = async (key: string) => (await call(alertRoutes.list, { query: { state: 'all', key } })).items[0]
  const until = async (condition: () => Promise<boolean>) => {
    while (!(await condition())) await sleep(20)
  }

  beforeAll(async () => {
    for (const serverId of ['one', 'two'])
      apps.push(
        await buildTestApp({
          settings: { database: database.location(), allow_private_urls: true },
          overrides: { clock },
          serverId,
        }),
      )
    receiver = await openReceiver()
  })
  afterAll(async () => {
    for (const app of apps) await app[Symbol.asyncDispose]()
    await receiver[Symbol.asyncDispose]()
  })
  beforeEach(() => {
    clock.ahead += 24 * 60 * MINUTE
  })

  it('are raised once, told once for the group, what ends of it beside what goes on, and told to be over once', async () => {
    await signal('flights/temp', 'firing')
    await signal('flights/wind', 'firing')
    await signal('flights/temp', 'firing')
    clock.ahead += MINUTE
    await until(async () => (await toldOf('flights')).length === 1)
    expect(await toldOf('flights')).toMatchObject([
      {
        status: 'firing',
        severity: 'error',
        alerts: [{ key: 'flights/temp', state: 'firing' }, { key: 'flights/wind' }],
      },
    ])
    expect(await alertOf('flights/temp')).toMatchObject({ state: 'firing', times_seen: 2, told: 'firing' })
    await signal('flights/temp', 'resolved')
    clock.ahead += MINUTE
    await until(async () => (await toldOf('flights')).length === 2)
    expect((await toldOf('flights'))[1]).toMatchObject({
      status: 'firing',
      alerts: [
        { key: 'flights/wind', state: 'firing' },
        { key: 'flights/temp', state: 'resolved' },
      ],
    })
    expect(await alertOf('flights/temp')).toMatchObject({ state: 'resolved', told: 'resolved' })
    await signal('flights/wind', 'resolved')
    clock.ahead += MINUTE
    await until(async () => (await toldOf('flights')).length === 3)
    expect((await toldOf('flights'))[2]).toMatchObject({
      status: 'resolved',
      alerts: [{ key: 'flights/wind', state: 'resolved' }],
    })
    expect((await eventsOf('dev.hagane.alert.firing')).filter(data => data.group === 'flights')).toHaveLength(2)
  })

  it('are told again when they get worse or are about another thing, and not for one more sight', async () => {
    const again = (more: object) => signal('again/x', 'firing', { labels: { rollout: 'a' }, ...more })
    const alert = () => alertOf('again/x')
    await again({ severity: 'warning' })
    clock.ahead += MINUTE
    await until(async () => (await alert())?.told === 'firing')
    await call(alertRoutes.acknowledge, { params: { id: (await alert())?.id ?? '' }, body: {} })
    await again({ severity: 'warning' })
    await until(async () => (await alert())?.times_seen === 2)
    expect(await alert()).toMatchObject({ state: 'acknowledged' })
    await again({ severity: 'error' })
    await until(async () => (await alert())?.times_seen === 3)
    expect(await alert()).toMatchObject({ state: 'firing', severity: 'error' })
    clock.ahead += MINUTE
    await until(async () => (await toldOf('again')).filter(({ status }) => status === 'firing').length === 2)
    await again({ severity: 'error', labels: { rollout: 'b' } })
    await until(async () => (await alert())?.times_seen === 4)
    expect(await alert()).toMatchObject({ state: 'firing', labels: { rollout: 'b' } })
    expect((await alert())?.told).toBeUndefined()
  })

  it('that end before they are told are not told at all', async () => {
    await signal('brief/x', 'firing')
    await until(async () => (await alertOf('brief/x'))?.state === 'firing')
    await signal('brief/x', 'resolved')
    await until(async () => (await alertOf('brief/x'))?.state === 'resolved')
    clock.ahead += MINUTE
    await signal('after/x', 'firing')
    clock.ahead += MINUTE
    await until(async () => (await toldOf('after')).length === 1)
    expect(await toldOf('brief')).toEqual([])
  })

  it('go to the subscriptions that chose them, later ones only where nobody acknowledged', async () => {
    const channel = (name: string) => ({ type: 'webhook' as const, url: `${receiver.url}/${name}` })
    const create = (name: string, alerts: object) =>
      call(subscriptionRoutes.create, { body: { name, alerts: alerts as never, channel: channel(name) } })
    await create('first', { labels: { team: 'fraud' } })
    await create('boss', { min_severity: 'error', escalate_after: '15m', labels: { team: 'fraud' } })
    await create('other', { labels: { team: 'ads*' } })
    const labels = { team: 'fraud' }
    await signal('known/x', 'firing', { labels })
    await signal('unknown/x', 'firing', { labels })
    clock.ahead += MINUTE
    await receiver.until(2, one => one.path === '/first')
    const { id = '' } = (await alertOf('known/x')) ?? {}
    await call(alertRoutes.acknowledge, { params: { id }, body: { comment: 'mine' } })
    expect(await alertOf('known/x')).toMatchObject({
      state: 'acknowledged',
      acknowledged_by: expect.stringContaining('tester'),
    })
    clock.ahead += 20 * MINUTE
    const [escalated] = await receiver.until(1, one => one.path === '/boss')
    expect(JSON.parse(escalated?.body ?? '{}').data).toMatchObject({
      status: 'escalated',
      group: 'unknown',
      escalate_after: 900,
    })
    await signal('unknown/x', 'resolved')
    await signal('known/x', 'resolved')
    clock.ahead += MINUTE
    await receiver.until(5, one => one.path === '/first')
    await receiver.until(2, one => one.path === '/boss')
    const statuses = (path: string) =>
      receiver.received
        .filter(one => one.path === path)
        .map(one => JSON.parse(one.body).data)
        .map(data => `${data.group} ${data.status}`)
    expect(statuses('/first').sort()).toEqual([
      'known acknowledged',
      'known firing',
      'known resolved',
      'unknown firing',
      'unknown resolved',
    ])
    expect(statuses('/boss')).toEqual(['unknown escalated', 'unknown resolved'])
    expect(statuses('/other')).toEqual([])
  })

  it('are not told while a silence or an alert that explains them stands, and told when it ends', async () => {
    const silence = await call(silenceRoutes.create, { body: { match: { key: 'quiet/*' }, duration: '2h' } })
    await call(silenceRoutes.create, {
      body: { match: { key: 'deployment/*' }, while: { key: 'endpoint/*' }, equal: ['endpoint'] },
    })
    await signal('quiet/x', 'firing')
    await signal('endpoint/e', 'firing', { labels: { endpoint: 'e' } })
    await signal('deployment/e/blue', 'firing', { labels: { endpoint: 'e' }, group: 'blue' })
    await signal('deployment/f/green', 'firing', { labels: { endpoint: 'f' }, group: 'green' })
    clock.ahead += MINUTE
    await until(async () => (await toldOf('green')).length === 1 && (await toldOf('endpoint')).length === 1)
    await until(async () => (await alertOf('quiet/x'))?.silenced_by === silence.id)
    expect(await toldOf('blue')).toEqual([])
    expect(await toldOf('quiet')).toEqual([])
    await signal('endpoint/e', 'resolved')
    await call(silenceRoutes.delete, { params: { id: silence.id } })
    clock.ahead += 2 * MINUTE
    await until(async () => (await toldOf('blue')).length === 1 && (await toldOf('quiet')).length === 1)
  })

  it('say why nobody was written to where e-mail is not set up', async () => {
    await signal('mail/x', 'firing', { emails: ['a@example.com'] })
    clock.ahead += MINUTE
    await until(async () => (await alertOf('mail/x'))?.told === 'firing')
    expect((await alertOf('mail/x'))?.note).toBe(
      'not e-mailed to a@example.com: this server has no SMTP server (smtp_host)',
    )
  })

  it('come of rules: so many events in a time, each subject for itself, and of what does not come', async () => {
    await call(alertRuleRoutes.create, {
      body: {
        ...{
          name: 'failures',
          on: { types: ['dev.hagane.test.failed'] },
          by: 'subject',
          at_least: 2,
          within: '10m',
          severity: 'critical',
        },
        ...{
          resolve_on: { types: ['dev.hagane.test.passed'] },
          summary: '{{subject}} failed {{count}} times',
          next_command: 'hagane job show -n {{name}}',
        },
      },
    })
    await call(alertRuleRoutes.create, {
      body: { name: 'silent', on: { types: ['dev.hagane.test.beat'] }, absent_for: '30m' },
    })
    for (const subject of ['job/a', 'job/b', 'job/a']) await append('dev.hagane.test.failed', subject)
    await until(async () => (await alertOf('alert-rule/failures/job/a'))?.state === 'firing')
    expect(await alertOf('alert-rule/failures/job/a')).toMatchObject({
      ...{
        summary: 'job/a failed 2 times',
        next_command: 'hagane job show -n a',
        rule: 'failures',
        severity: 'critical',
      },
    })
    expect(await alertOf('alert-rule/failures/job/b')).toBeUndefined()
    await append('dev.hagane.test.passed', 'job/a')
    await until(async () => (await alertOf('alert-rule/failures/job/a'))?.state === 'resolved')
    clock.ahead += 31 * MINUTE
    await until(async () => (await alertOf('alert-rule/silent'))?.state === 'firing')
    await append('dev.hagane.test.beat', 'heart/1')
    await until(async () => (await alertOf('alert-rule/silent'))?.state === 'resolved')
    for (const name of ['failures', 'silent']) await call(alertRuleRoutes.delete, { params: { name } })
  })

  it('come of a service metric beyond its bound, and end when it is within', async () => {
    const metric = { metric: 'memory_bytes', subject: 'server', aggregation: 'last', over: '5m', above: 1 }
    const body = { name: 'large', metric }
    await expect(
      call(alertRuleRoutes.create, { body: { ...body, metric: { ...metric, metric: 'charm' } } }),
    ).rejects.toThrow("no service metric 'charm'")
    await expect(call(alertRuleRoutes.create, { body: { ...body, at_least: 2, within: '5m' } })).rejects.toThrow(
      'metric goes with',
    )
    await call(alertRuleRoutes.create, { body })
    await until(async () => (await alertOf('alert-rule/large'))?.state === 'firing')
    expect((await alertOf('alert-rule/large'))?.summary).toMatch(
      /^large: memory_bytes \(last\) of server is \d+, above 1$/,
    )
    const since = new Date(clock.now().getTime() - 60 * MINUTE).toISOString()
    clock.ahead += MINUTE
    const foretold = (above: number) =>
      call(alertRuleRoutes.backtest, { body: { rule: { ...body, metric: { ...metric, above } }, since } })
    expect(await foretold(1)).toMatchObject({ fired: 1, step_seconds: 10, firings: [{ key: 'alert-rule/large' }] })
    expect(await foretold(1e15)).toMatchObject({ fired: 0, events: 0, firings: [] })
    await call(alertRuleRoutes.create, { body: { ...body, metric: { ...metric, above: 1e15 } } })
    await until(async () => (await alertOf('alert-rule/large'))?.state === 'resolved')
  })

  it('are foretold by a backtest from the same events', async () => {
    const since = clock.now().toISOString()
    for (let i = 0; i < 3; i++) {
      await append('dev.hagane.test.tried', 'job/x')
      clock.ahead += MINUTE
    }
    clock.ahead += 60 * MINUTE
    const rule = {
      name: 'tries',
      on: { types: ['dev.hagane.test.*'] },
      at_least: 3,
      within: '5m',
      resolve_after: '20m',
    }
    const result = await call(alertRuleRoutes.backtest, { body: { rule, since } })
    expect(result).toMatchObject({
      events: 3,
      fired: 1,
      firings: [{ key: 'alert-rule/tries', events: 3, summary: 'tries: 3 × test.*' }],
    })
    const [firing] = result.firings
    expect(Date.parse(firing?.resolved_at ?? '') - Date.parse(firing?.fired_at ?? '')).toBe(20 * MINUTE)
    expect(result.firing_seconds).toBe(1200)
    await expect(
      call(alertRuleRoutes.backtest, { body: { rule: { ...rule, on: { where: 'x >' } }, since } }),
    ).rejects.toThrow('on.where is not a condition')
    await expect(call(alertRuleRoutes.create, { body: { ...rule, within: undefined } })).rejects.toThrow(
      'so many events in how long?',
    )
  })
})
