import { createHmac } from 'node:crypto'
import { type AlertNotification, subscriptionChannel } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { type EventRow, toRecord } from '../../../kernel/events/index.ts'
import { channelOf, type Message, type Telling } from './index.ts'

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
    expect(content.body[0]).toMatchObject({ text: '[FIRING] temp moved: PSI 10.4 > 0.2 <winter>', color: 'Attention' })
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
