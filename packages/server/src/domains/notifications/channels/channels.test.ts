import { createHmac } from 'node:crypto'
import { type AlertNotification, subscriptionChannel } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { type EventRow, toRecord } from '../../../kernel/events/index.ts'
import { channelOf, hidingSecrets, type Message, type Telling } from './index.ts'

const time = '2026-11-26T12:00:00.000Z'
const event = (type: string, subject: string, data: object): EventRow => ({
  ...{ seq: 7, id: '01EVENT', time, workspace: 'default', actor: 'user:alice', type, subject },
  ...{ data: JSON.stringify(data), prev_hash: '', hash: '' },
})
const telling = (of: EventRow, more: Partial<Telling> = {}): Telling => ({
  event: of,
  record: () => toRecord(of),
  ...{
    deliveryId: 'msg_S_01EVENT',
    attempt: 1,
    now: new Date(time),
    language: 'en',
    serverUrl: 'https://hagane.example',
  },
  earlier: async () => undefined,
  run: async () => undefined,
  ...more,
})
const message = async (channel: object, of: EventRow, more: Partial<Telling> = {}): Promise<Message> => {
  const made = await channelOf(subscriptionChannel.parse(channel)).message(telling(of, more))
  if (made === undefined) throw new Error('no message')
  return made
}
const bodyOf = async (channel: object, of: EventRow, more: Partial<Telling> = {}) => {
  const made = await message(channel, of, more)
  if (made.kind !== 'http') throw new Error('not http')
  return { ...made, json: JSON.parse(made.body) }
}
const alert = (more: Partial<AlertNotification> = {}): EventRow =>
  event('dev.hagane.alert.notification', 'alert-group/monitor/flights', {
    status: 'firing',
    group: 'monitor/flights',
    severity: 'error',
    alerts: [
      {
        ...{ id: 'A1', key: 'monitor/flights/drift/temp', state: 'firing', severity: 'error', labels: {} },
        summary: 'temp moved: PSI 10.4 > 0.2 <winter>',
        summary_ja: 'temp が変化しました: PSI 10.4 > 0.2',
        ...{ next_command: 'hagane monitor show -n flights', started_at: time },
      },
    ],
    ...{ escalated_after: [], emails: [] },
    ...more,
  })
const failed = event('dev.hagane.job.failed', 'job/nightly', { name: 'nightly', message: 'exit code 1' })
const url = 'https://chat.example/hook'

describe('what channels say of an alert', () => {
  it.each(['en', 'ja'] as const)('Slack, %s', async language => {
    const { json } = await bodyOf({ type: 'slack', url }, alert(), { language })
    expect(json.text).toBe(
      language === 'en'
        ? '[FIRING] temp moved: PSI 10.4 &gt; 0.2 &lt;winter&gt;'
        : '[発生] temp が変化しました: PSI 10.4 &gt; 0.2',
    )
    const said = JSON.stringify(json.attachments)
    expect(said).toContain('hagane monitor show -n flights')
    expect(said).toContain('https://hagane.example/ws/default/api/v1/alerts/A1')
  })

  it('Teams, as an adaptive card', async () => {
    const { json } = await bodyOf({ type: 'teams', url }, alert())
    expect(json.attachments[0].contentType).toBe('application/vnd.microsoft.card.adaptive')
    const { content } = json.attachments[0]
    expect(content).toMatchObject({ type: 'AdaptiveCard', version: '1.4' })
    expect(content.body[0]).toMatchObject({
      text: '[FIRING] temp moved: PSI 10.4 > 0.2 <\u200bwinter>',
      color: 'Attention',
    })
    expect(content.actions[0].url).toBe('https://hagane.example/ws/default/api/v1/alerts/A1')
  })

  it('any chat, in the property it reads', async () => {
    const { json } = await bodyOf({ type: 'chat', url, text_property: 'content' }, alert(), { language: 'ja' })
    expect(json.content.split('\n')).toEqual([
      '[発生] temp が変化しました: PSI 10.4 > 0.2',
      '重要度: エラー',
      `時刻: ${time}`,
      '次の操作: hagane monitor show -n flights',
      '詳細: https://hagane.example/ws/default/api/v1/alerts/A1',
    ])
  })

  it.each([
    ['firing', 'trigger'],
    ['escalated', 'trigger'],
    ['acknowledged', 'acknowledge'],
    ['resolved', 'resolve'],
  ] as const)('PagerDuty: %s is %s, under one key', async (status, action) => {
    const { json } = await bodyOf({ type: 'pagerduty', routing_key: 'R' }, alert({ status }))
    expect(json).toMatchObject({ routing_key: 'R', event_action: action, dedup_key: 'hagane/default/monitor/flights' })
    expect(json.payload?.severity).toBe(action === 'trigger' ? 'error' : undefined)
  })

  it('e-mail, with one line of subject and an id that stays', async () => {
    const odd = alert()
    const broken = { ...odd, data: odd.data.replace('temp moved', 'temp\\r\\nBcc: x@example.com') }
    expect(await message({ type: 'email', to: ['a@example.com'] }, broken)).toMatchObject({
      kind: 'mail',
      subject: '[FIRING] temp Bcc: x@example.com: PSI 10.4 > 0.2 <winter>',
      id: 'msg_S_01EVENT',
    })
  })
})

describe('names that somebody chose to hurt', () => {
  const name =
    '<img src=x onerror=alert(1)> [win](http://evil.example) <!channel> <http://evil.example|ok> @everyone `rm -rf` ![x](y)'
  const hostile = event('dev.hagane.job.failed', `model/${name}`, { name, message: name })
  const alerting = alert({ alerts: [] })
  const told = {
    ...alerting,
    data: JSON.stringify({
      ...JSON.parse(alert().data),
      alerts: [{ ...JSON.parse(alert().data).alerts[0], summary: name, next_command: `hagane model show -n ${name}` }],
    }),
  }

  it.each([hostile, told])('are text for Slack', async of => {
    const { body, json } = await bodyOf({ type: 'slack', url }, of)
    const said: string[] = json.attachments[0].blocks.flatMap(
      (block: { text?: { text: string } }) => block.text?.text ?? [],
    )
    const links = said.flatMap(text => text.match(/<[^>]*>/g) ?? [])
    expect(links).toHaveLength(1)
    expect(links[0]).toMatch(/^<https:\/\/hagane\.example\/ws\/default\/api\/v1\/(alerts|events)\/\w+\|Details>$/)
    expect(body).not.toContain('<!channel>')
    for (const text of said) expect((text.match(/`/g) ?? []).length % 2).toBe(0)
  })

  it.each([hostile, told])('are no links and ring no bells in Teams and other chats', async of => {
    for (const channel of [
      { type: 'teams', url },
      { type: 'chat', url },
      { type: 'chat', url, text_property: 'content' },
    ]) {
      const { json } = await bodyOf(channel, of)
      const said = JSON.stringify(json.text ?? json.content ?? json.attachments[0].content.body)
      expect(said).toContain('evil.example')
      expect(said).not.toMatch(/\]\(|<!|<http|<img|@everyone/)
    }
  })

  it.each([hostile, told])('stay in the plain text of an e-mail', async of => {
    const mail = await message({ type: 'email', to: ['a@example.com'] }, of)
    expect(mail).toMatchObject({ kind: 'mail', text: expect.stringContaining('<img src=x') })
    expect(Object.keys(mail)).not.toContain('html')
  })
})

it.each([
  ['en', '[FIRING] monitor/flights (1/2)', '✓ [RESOLVED] wind moved'],
  ['ja', '[発生] monitor/flights (1/2)', '✓ [解消] wind が変化しました'],
] as const)('what ended while the rest of a group goes on is marked, %s', async (language, title, line) => {
  const [going] = JSON.parse(alert().data).alerts
  const ended = { ...going, id: 'A2', state: 'resolved', summary: 'wind moved', summary_ja: 'wind が変化しました' }
  const { json } = await bodyOf({ type: 'chat', url }, alert({ alerts: [going, ended] }), { language })
  const [head, , second] = json.text.split('\n')
  expect([head, second]).toEqual([title, line])
})

describe('what a receiver repeats of what it was sent', () => {
  it.each([
    [
      {
        type: 'webhook',
        url: `${url}?key=q-1234`,
        secret: `whsec_${'a'.repeat(44)}`,
        headers: { authorization: 'Bearer tok-12345' },
      },
    ],
    [{ type: 'slack', url: 'https://hooks.example/services/T0/B0/XYZ-secret' }],
    [{ type: 'pagerduty', routing_key: 'routing-key-1234' }],
    [{ type: 'github', repository: 'o/r', token: 'ghp_0123456789' }],
    [{ type: 'event_grid', url, headers: { 'aeg-sas-key': 'sas-0123456789' } }],
  ])('does not show the secrets of %j', given => {
    const channel = subscriptionChannel.parse(given)
    const hide = hidingSecrets(channel)
    const secrets =
      JSON.stringify(given).match(/q-1234|a{44}|tok-12345|XYZ-secret|routing-key-1234|ghp_\d+|sas-\d+/g) ?? []
    expect(secrets.length).toBeGreaterThan(0)
    const echo = JSON.stringify(given)
    const told = hide(`answered 400: ${echo}`)
    for (const secret of secrets) expect(told).not.toContain(secret)
    expect(hide('answered 503: busy')).toBe('answered 503: busy')
  })
})

it('a secret that breaks off at the end of what is kept is not shown either', () => {
  const hide = hidingSecrets(subscriptionChannel.parse({ type: 'pagerduty', routing_key: 'routing-key-1234' }))
  expect(hide('answered 400: your routing-key-12')).toBe('answered 400: your ***')
})

describe('what channels say of any event', () => {
  it('chat', async () => {
    const { json } = await bodyOf({ type: 'chat', url }, failed)
    expect(json.text).toMatch(/^job.failed: job\/nightly\nexit code 1\nSubject: job\/nightly\nBy: user:alice/)
  })

  it('repository_dispatch of GitHub', async () => {
    const made = await bodyOf({ type: 'github', repository: 'o/r', token: 'T' }, failed)
    expect(made.url).toBe('https://api.github.com/repos/o/r/dispatches')
    expect(made.headers).toMatchObject({ authorization: 'Bearer T', 'user-agent': 'hagane' })
    expect(made.json).toMatchObject({
      event_type: 'dev.hagane.job.failed',
      client_payload: { seq: 7, subject: 'job/nightly', data: { message: 'exit code 1' } },
    })
  })

  it('a webhook, signed over id, time and body', async () => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
    const made = await bodyOf({ type: 'webhook', url, secret }, failed)
    const signed = createHmac('sha256', Buffer.alloc(32, 7)).update(`msg_S_01EVENT.1795694400.${made.body}`)
    expect(made.headers['webhook-signature']).toBe(`v1,${signed.digest('base64')}`)
    expect(made.headers['webhook-timestamp']).toBe('1795694400')
  })
})

describe("Azure Event Grid's names", () => {
  const run = async () => ({ experiment_id: '4', tags: { team: 'fraud' } })
  const grid = { type: 'event_grid', url }

  it('the end of a job is RunCompleted and RunStatusChanged', async () => {
    const earlier = async () => ({ experiment: 'nightly', type: 'command', parameters: { lr: 0.1 } })
    const done = event('dev.hagane.job.completed', 'job/j1', { name: 'j1' })
    const { json } = await bodyOf(grid, done, { run, earlier })
    expect(json).toMatchObject([
      {
        ...{
          eventType: 'Microsoft.MachineLearningServices.RunCompleted',
          subject: 'experiments/4/runs/j1',
          id: '01EVENT',
        },
        ...{ topic: '/ws/default', eventTime: time, dataVersion: '', metadataVersion: '1' },
        data: { ExperimentName: 'nightly', RunId: 'j1', RunTags: { team: 'fraud' }, RunProperties: { lr: 0.1 } },
      },
      { eventType: 'Microsoft.MachineLearningServices.RunStatusChanged', data: { RunStatus: 'Completed' } },
    ])
  })

  it('a monitor that found something carries the tag that filters ask for, also as CloudEvents', async () => {
    const tags = {
      azureml_modelmonitor_threshold_breached: 'x has failed due to one or more features violating metric thresholds',
    }
    const breached = event('dev.hagane.monitor.breached', 'monitor/flights', {
      run: 'r1',
      monitor: 'flights',
      run_tags: tags,
    })
    const { json, headers } = await bodyOf({ ...grid, schema: 'cloud_event', topic: '/subscriptions/s' }, breached)
    expect(headers['content-type']).toMatch('application/cloudevents-batch+json')
    expect(json).toMatchObject([
      {
        ...{ specversion: '1.0', source: '/subscriptions/s', subject: 'experiments/flights/runs/r1' },
        ...{ type: 'Microsoft.MachineLearningServices.RunStatusChanged', data: { RunTags: tags, RunId: 'r1' } },
      },
    ])
  })

  it('a model version is ModelRegistered, a deployment that serves ModelDeployed', async () => {
    const made = event('dev.hagane.model.version-created', 'model/m:3', { name: 'm', version: '3', tags: { a: 'b' } })
    expect((await bodyOf(grid, made)).json).toMatchObject([
      {
        ...{ eventType: 'Microsoft.MachineLearningServices.ModelRegistered', subject: 'models/m:3' },
        data: { ModelName: 'm', ModelVersion: '3', ModelTags: { a: 'b' } },
      },
    ])
    const ready = event('dev.hagane.endpoint.deployment-ready', 'deployment/e/blue', {
      endpoint: 'e',
      deployment: 'blue',
    })
    expect((await bodyOf(grid, ready, { earlier: async () => ({ model: 'azureml:m:3' }) })).json).toMatchObject([
      {
        ...{ eventType: 'Microsoft.MachineLearningServices.ModelDeployed', subject: 'endpoints/e' },
        data: { ServiceName: 'e', ModelIds: 'm:3' },
      },
    ])
  })

  it('has no words for the rest', () => {
    expect(channelOf(subscriptionChannel.parse(grid)).tells(event('dev.hagane.data.created', 'data/d', {}))).toBe(false)
  })
})
