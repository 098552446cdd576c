import { setTimeout as pause } from 'node:timers/promises'
import {
  accessRoutes,
  auditRoutes,
  createClient,
  dataRoutes,
  endpointRoutes,
  gateRoutes,
  type RolloutResource,
  type RuleRun,
  rolloutRoutes,
  ruleRoutes,
  treeUri,
} from '@hagane/contract'
import { type TestApp, uploadFiles } from '@hagane/testkit'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { ParityEndpoint } from './parity-endpoint.ts'
import { openParityServer, type ParityServer, refusalOf } from './parity-server.ts'

let server: ParityServer
let app: TestApp
let endpoint: ParityEndpoint

beforeAll(async () => {
  server = await openParityServer()
  ;({ app, endpoint } = server)
  for (const [name, max_mb] of [
    ['small', 10],
    ['tiny', 0.000_000_1],
  ] as const)
    await app.client.call(gateRoutes.create, { body: { name, size: { max_mb } } as never })
})
afterAll(() => server[Symbol.asyncDispose]())
/** Each test finds the traffic where the first did. */
afterEach(async () => {
  for (const { name } of (await app.client.call(rolloutRoutes.list, { query: {} })).items)
    await app.client.call(rolloutRoutes.abort, { params: { name }, body: {} }).catch(() => undefined)
  const body = { traffic: { blue: 100 }, mirror_traffic: {} }
  await app.client.call(endpointRoutes.update, { params: { name: 'parity' }, body })
})

const create = (name: string, version: string, strategy: object, more: object = {}): Promise<RolloutResource> => {
  const rollout = { name, endpoint: 'parity', model: `models:/parity/${version}`, strategy, ...more }
  return app.client.call(rolloutRoutes.create, { body: { rollout: rollout as never } })
}
const eventsOf = async (query: object) =>
  (await app.client.call(auditRoutes.list, { query: { limit: 1000, ...query } })).items.reverse()
const trafficsOf = async () =>
  (await eventsOf({ subject: 'endpoint/parity', type: 'dev.hagane.endpoint.traffic-changed' })).map(
    event => event.data.traffic,
  )

const answered = {
  ...{ name: 'answered', provider: { request_count: {} }, successCondition: 'result >= 5.0', interval: '1s' },
  minimum: 5,
}
const errors = {
  ...{ name: 'errors', provider: { error_rate: {} }, failureCondition: 'result > 0.1', interval: '1s' },
  minimum: 5,
}
const same = {
  ...{ name: 'same', provider: { disagreement: {} }, successCondition: 'result < 0.1', interval: '1s' },
  minimum: 5,
}

it('a shadow is measured beside the live traffic, which it leaves where it is', async () => {
  await create('beside', '5', { shadow: { analysis: { metrics: [same] } } }, { promotion: { traffic: 'unchanged' } })
  expect(await endpoint.settled('beside')).toMatchObject({
    phase: 'Healthy',
    steps: [{}, { name: 'setMirror 100', state: 'done' }, { name: 'analysis of same', state: 'done' }],
  })
  expect(await endpoint.traffic()).toEqual({ traffic: { blue: 100 }, mirror_traffic: {} })
  await create('beside-wrong', '4', { shadow: { analysis: { metrics: [same] } } })
  expect(await endpoint.settled('beside-wrong')).toMatchObject({
    phase: 'Degraded',
    message: expect.stringContaining('same is failed'),
  })
  expect(await endpoint.traffic()).toEqual({ traffic: { blue: 100 }, mirror_traffic: {} })
})

it('in blue/green all traffic goes over at once, and comes back when it fails afterwards', async () => {
  const analysis = { metrics: [errors] }
  const strategy = { blueGreen: { prePromotionAnalysis: { metrics: [answered] }, previewMirror: 100 } }
  await create('good', '5', strategy)
  expect(await endpoint.settled('good')).toMatchObject({ phase: 'Healthy' })
  expect(await endpoint.traffic()).toEqual({ traffic: { 'parity-5': 100 }, mirror_traffic: {} })
  const before = (await trafficsOf()).length
  await create('broken', '3', { blueGreen: { postPromotionAnalysis: analysis } })
  expect(await endpoint.settled('broken')).toMatchObject({
    phase: 'Degraded',
    message: expect.stringContaining('errors is failed'),
  })
  expect((await trafficsOf()).slice(before)).toEqual([
    expect.objectContaining({ 'parity-3': 100 }),
    expect.objectContaining({ 'parity-5': 100 }),
  ])
})

it('an A/B test waits for somebody with the right to decide; who has it not is refused, which is on record', async () => {
  await create('either', '5', {
    abTest: { weight: 50, analysis: { metrics: [answered] }, autoPromotionEnabled: false },
  })
  expect(await endpoint.settled('either')).toMatchObject({ phase: 'Paused', pause: { reason: 'approval' }, weight: 50 })
  const { token } = await app.client.call(accessRoutes.createToken, { body: { name: 'carol', role: 'contributor' } })
  const carol = createClient({ url: app.url, token })
  const params = { name: 'either' }
  for (const act of [rolloutRoutes.approve, rolloutRoutes.promote] as const) {
    const error = await refusalOf(carol.call(act, { params, body: {} as never }))
    expect(error).toMatchObject({ kind: 'forbidden', message: expect.stringContaining('automation.approve') })
  }
  expect(await eventsOf({ type: 'dev.hagane.access.refused' })).toMatchObject([
    { actor: 'user:carol', data: { operation: 'rollouts.approve', path: '/api/v1/rollouts/either/approve' } },
    { actor: 'user:carol', data: { operation: 'rollouts.promote' } },
  ])
  expect(await app.client.call(rolloutRoutes.show, { params })).toMatchObject({ phase: 'Paused', approvals: [] })
  await app.client.call(rolloutRoutes.approve, { params, body: {} })
  expect(await endpoint.settled('either')).toMatchObject({ phase: 'Healthy' })
})

it('who is not among the approvers of a step is refused, which is on record', async () => {
  await create('named', '5', { canary: { steps: [{ pause: { approvers: ['alice'] } }] } })
  await endpoint.settled('named')
  const params = { name: 'named' }
  expect(await refusalOf(app.client.call(rolloutRoutes.approve, { params, body: {} }))).toMatchObject({
    kind: 'forbidden',
  })
  expect((await eventsOf({ subject: 'rollout/named' })).at(-1)).toMatchObject({
    type: 'dev.hagane.rollout.approval-refused',
    data: { asked: 'approve', reason: expect.stringContaining('is not among the approvers') },
  })
})

it('a gate inside a rollout lets the candidate pass, or turns it back; one that is gone asks a person', async () => {
  const steps = (name: string) => ({ canary: { steps: [{ gate: { name } }, { setWeight: 20 }] } })
  await create('passes', '5', steps('small'))
  expect(await endpoint.settled('passes')).toMatchObject({ phase: 'Healthy' })
  const { items } = await app.client.call(gateRoutes.runs, { query: { gate: 'small' } })
  expect(items).toMatchObject([{ candidate: 'azureml:parity:5', champion: 'azureml:parity:1', result: 'pass' }])
  await app.client.call(endpointRoutes.update, { params: { name: 'parity' }, body: { traffic: { blue: 100 } } })
  await create('fails', '4', steps('tiny'))
  expect(await endpoint.settled('fails')).toMatchObject({
    phase: 'Degraded',
    message: expect.stringMatching(/gate tiny: size.*\(run gate-tiny-/),
  })
  const unknown = await refusalOf(create('unknown', '4', steps('nobody')))
  expect(unknown).toMatchObject({
    kind: 'not_found',
    details: [{ property: 'strategy.canary.steps.0.gate.name', sent: 'nobody' }],
  })
  const late = { canary: { steps: [{ pause: {} }, { gate: { name: 'small' } }] } }
  await create('gone', '4', late)
  await endpoint.settled('gone')
  await app.client.call(gateRoutes.delete, { params: { name: 'small' } })
  await app.client.call(rolloutRoutes.approve, { params: { name: 'gone' }, body: {} })
  await expect
    .poll(async () => (await app.client.call(rolloutRoutes.show, { params: { name: 'gone' } })).pause?.reason, {
      timeout: 60_000,
    })
    .toBe('inconclusive')
  const paused = (await eventsOf({ subject: 'rollout/gone' })).at(-1)
  expect(paused?.data).toMatchObject({
    message: expect.stringContaining("no gate 'small'"),
    alert: { key: 'rollout/gone/waiting', state: 'firing' },
  })
})

it('of two rules that start a rollout at one endpoint, one does, and the other says whose turn it is', async () => {
  const rule = (name: string, version: string) => ({
    ...{ name, on: { event: { types: ['dev.hagane.data.created'], subjects: ['data/news:*'] } } },
    do: [
      {
        id: 'replace',
        start_rollout: {
          ...{ name: `of-${name}`, endpoint: 'parity', model: `models:/parity/${version}` },
          strategy: { canary: { steps: [{ pause: {} }] } },
        },
      },
    ],
  })
  const names = ['left', 'right']
  for (const [i, name] of names.entries())
    await app.client.call(ruleRoutes.create, { body: { rule: rule(name, String(i + 4)) as never } })
  const path = treeUri(await uploadFiles(app.client, { 'n.csv': '1' }))
  await app.client.call(dataRoutes.create, { body: { name: 'news', version: '1', path } })
  const runOf = async (name: string): Promise<RuleRun | undefined> =>
    (await app.client.call(ruleRoutes.runs, { params: { name }, query: {} })).items[0]
  const decided = async () => {
    const runs = await Promise.all(names.map(runOf))
    return runs.every(run => run !== undefined && run.actions[0]?.state !== 'pending') ? runs : undefined
  }
  let runs = await decided()
  for (; runs === undefined; runs = await decided()) await pause(50)
  const [lost] = runs.filter(run => run?.state === 'failed')
  const [won] = runs.filter(run => run?.state === 'running')
  expect(won?.actions[0]).toMatchObject({ state: 'waiting', waits_for: `rollout/of-${won?.rule}` })
  expect(lost?.error).toContain(`rollout 'of-${won?.rule}' is on its way at endpoint 'parity': one at a time`)
  expect((await eventsOf({ subject: `rule/${lost?.rule}` })).at(-1)).toMatchObject({
    type: 'dev.hagane.rule.run-failed',
    data: { alert: { key: `rule/${lost?.rule}/run-failed`, state: 'firing' } },
  })
  const { items } = await app.client.call(rolloutRoutes.list, { query: {} })
  expect(items.filter(({ name }) => name.startsWith('of-'))).toHaveLength(1)
})

it('a rule whose rollout or gate could never be had is refused when it is written, with the property', async () => {
  const rollout = { endpoint: 'parity', model: 'models:/parity/5', strategy: { canary: { steps: [{ setWeight: 5 }] } } }
  const refused = async (action: object) => {
    const rule = { name: 'wrong', on: { event: { types: ['dev.hagane.x'] } }, do: [{ id: 'a', ...action }] }
    const error = await refusalOf(app.client.call(ruleRoutes.create, { body: { rule: rule as never } }))
    return `${error.kind} ${error.message}`
  }
  const start = (more: object) => refused({ start_rollout: { ...rollout, ...more } })
  const canary = (...steps: object[]) => ({ strategy: { canary: { steps } } })
  expect(await start({ endpoint: 'nobody' })).toContain(
    "not_found do.0.start_rollout: endpoint: no online endpoint 'nobody'",
  )
  expect(await start({ stable: 'red' })).toContain("do.0.start_rollout: stable: no deployment 'red'")
  expect(await start(canary({ gate: { name: 'nobody' } }))).toContain('strategy.canary.steps.0.gate.name: no gate')
  expect(await start(canary({ setWeight: 500 }))).toContain('do.0.start_rollout.strategy.canary.steps.0.setWeight')
  const metric = { name: 'm', provider: { accuracy: {} }, successCondition: 'result > 0.1' }
  expect(await start(canary({ analysis: { metrics: [metric] } }))).toContain('metrics.0.provider')
  const open = { name: 'r-${{run.number}}', model: 'azureml:${{event.data.model}}' }
  const half = { ...metric, provider: { error_rate: {} }, successCondition: 'result >' }
  expect(await start({ ...open, ...canary({ analysis: { metrics: [half] } }) })).toContain('successCondition')
  expect(await start({ ...open, endpoint: 'nobody' })).toContain("no online endpoint 'nobody'")
  expect(await refused({ run_gate: { gate: 'nobody', candidate: 'azureml:parity:5' } })).toContain(
    "not_found do.0.run_gate.gate: no gate 'nobody'",
  )
  expect(await refusalOf(app.client.call(gateRoutes.create, { body: { name: 'none' } as never }))).toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining('say what is demanded'),
  })
  const weight = '${{event.data.weight}}'
  const rule = {
    ...{ name: 'open', on: { event: { types: ['dev.hagane.data.created'], subjects: ['data/weights:*'] } } },
    do: [{ id: 'a', start_rollout: { ...rollout, ...open, ...canary({ setWeight: weight }) } }],
  }
  await app.client.call(ruleRoutes.create, { body: { rule: rule as never } })
  await app.client.call(ruleRoutes.trigger, {
    params: { name: 'open' },
    body: { data: { weight: 500, model: 'parity:5' } },
  })
  const runs = async () => (await app.client.call(ruleRoutes.runs, { params: { name: 'open' }, query: {} })).items
  while ((await runs())[0]?.state !== 'failed') await pause(50)
  expect((await runs())[0]?.error).toContain('setWeight')
})
