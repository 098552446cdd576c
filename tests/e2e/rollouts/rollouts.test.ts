import { auditRoutes, type EventRecord, endpointRoutes, modelRoutes, rolloutRoutes } from '@hagane/contract'
import type { TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ParityEndpoint } from './parity-endpoint.ts'
import { openParityServer, type ParityServer, refusalOf } from './parity-server.ts'

let server: ParityServer
let app: TestApp
let endpoint: ParityEndpoint

beforeAll(async () => {
  server = await openParityServer()
  ;({ app, endpoint } = server)
})
afterAll(() => server[Symbol.asyncDispose]())

const create = (rollout: object) =>
  app.client.call(rolloutRoutes.create, { body: { rollout: { endpoint: 'parity', ...rollout } as never } })
const eventsOf = async (name: string): Promise<EventRecord[]> => {
  const { items } = await app.client.call(auditRoutes.list, { query: { subject: `rollout/${name}`, limit: 1000 } })
  return items.reverse()
}
const kinds = (events: EventRecord[]) => events.map(event => event.type.replace('dev.hagane.rollout.', ''))

const metrics = {
  errors: { name: 'errors', provider: { error_rate: {} }, failureCondition: 'result > 0.1', minimum: 5 },
  latency: {
    ...{ name: 'latency', provider: { latency: { percentile: 50 } }, minimum: 5 },
    successCondition: 'result < stable + 200.0',
  },
  score: {
    ...{ name: 'score', provider: { label_score: { metric: 'accuracy' } }, minimum: 10 },
    successCondition: 'result >= stable - 0.05',
  },
  same: { name: 'same', provider: { disagreement: {} }, successCondition: 'result < 0.1', minimum: 10 },
  outputs: {
    name: 'outputs',
    provider: { prediction_distribution: {} },
    successCondition: 'result < 0.5',
    minimum: 10,
  },
}
const named = (...names: (keyof typeof metrics)[]) => names.map(name => ({ ...metrics[name], interval: '1s' }))
const canary = (...names: (keyof typeof metrics)[]) => ({
  canary: { steps: [{ setWeight: 40 }, { analysis: { metrics: named(...names) } }] },
})
const mirrored = (...names: (keyof typeof metrics)[]) => ({
  canary: { steps: [{ setMirror: { percentage: 100 } }, { analysis: { metrics: named(...names) } }] },
})

describe('a candidate turns back by itself, with the traffic as it was and an alert', () => {
  it.each([
    ['slow', '2', canary('latency'), 'latency is failed'],
    ['failing', '3', canary('errors', 'latency'), 'errors is failed'],
    ['wrong', '4', canary('score'), 'score is failed'],
    ['other', '4', mirrored('same', 'outputs'), 'same is failed'],
  ])('that is %s', async (name, version, strategy, why) => {
    const created = await create({ name, model: `models:/parity/${version}`, strategy })
    expect(created).toMatchObject({ phase: 'Progressing', deployment: `parity-${version}`, stable: 'blue' })
    const refused = await refusalOf(create({ name: 'second', model: 'azureml:parity:5', strategy }))
    expect(refused).toMatchObject({ kind: 'conflict', message: expect.stringContaining(`'${name}'`) })
    expect(await endpoint.settled(name)).toMatchObject({ phase: 'Degraded', message: expect.stringContaining(why) })
    expect(await endpoint.traffic()).toEqual({ traffic: { blue: 100 }, mirror_traffic: {} })
    const events = await eventsOf(name)
    expect(kinds(events)).toEqual(['created', 'started', 'step', 'step', 'analysis', 'rolled-back'])
    const alert = { key: 'rollout/parity/rolled-back', state: 'firing', severity: 'error' }
    expect(events.at(-1)?.data).toMatchObject({ alert, reason: expect.stringContaining(why) })
  })
})

it('a good one is promoted after an approval, and nobody moves its traffic meanwhile', async () => {
  const steps = [
    { setMirror: { percentage: 100 } },
    { analysis: { metrics: named('same', 'outputs') } },
    { setWeight: 50 },
    { pause: { duration: '1s' } },
    { analysis: { metrics: named('errors', 'latency', 'score') } },
    { pause: { approvers: ['alice'] } },
  ]
  const analysis = { startingStep: 2, metrics: named('errors') }
  const promotion = { alias: 'champion' }
  await create({ name: 'good', model: 'azureml:parity:5', strategy: { canary: { steps, analysis } }, promotion })
  const params = { name: 'good' }
  expect(await endpoint.settled('good')).toMatchObject({
    ...{ phase: 'Paused', weight: 50, current_step: 5 },
    pause: { reason: 'approval', approvers: ['alice'] },
  })
  expect(await endpoint.traffic()).toMatchObject({ traffic: { blue: 50, 'parity-5': 50 } })
  const change = app.client.call(endpointRoutes.update, {
    ...{ params: { name: 'parity' }, body: { traffic: { blue: 100 } } },
  })
  expect(await refusalOf(change)).toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining("rollout 'good'"),
  })
  const gone = app.client.call(endpointRoutes.deleteDeployment, { params: { name: 'parity', deployment: 'parity-5' } })
  expect(await refusalOf(gone)).toMatchObject({ kind: 'conflict' })
  expect(await refusalOf(app.client.call(rolloutRoutes.approve, { params, body: {} }))).toMatchObject({
    kind: 'forbidden',
  })
  expect(await refusalOf(app.client.call(rolloutRoutes.resume, { params, body: {} }))).toMatchObject({
    kind: 'conflict',
  })
  const headers = { 'x-hagane-actor': 'alice', 'content-type': 'application/json' }
  const approval = { method: 'POST', headers, body: JSON.stringify({ comment: 'seen' }) }
  expect((await fetch(`${app.url}/api/v1/rollouts/good/approve`, approval)).status).toBe(200)
  expect(await endpoint.settled('good')).toMatchObject({
    phase: 'Healthy',
    approvals: [{ step: 5, by: expect.stringContaining('alice'), comment: 'seen' }],
  })
  expect(await endpoint.traffic()).toEqual({ traffic: { 'parity-5': 100 }, mirror_traffic: {} })
  const champion = { name: 'parity', version: '@champion' }
  expect(await app.client.call(modelRoutes.show, { params: champion })).toMatchObject({ version: '5' })
  const { items } = await app.client.call(rolloutRoutes.measurements, { params, query: { limit: 1000 } })
  expect(new Set(items.map(item => item.metric))).toEqual(new Set(['same', 'outputs', 'errors', 'latency', 'score']))
  expect(items.some(item => item.step === -1 && item.phase === 'Successful')).toBe(true)
  expect((await eventsOf('good')).at(-1)).toMatchObject({ type: 'dev.hagane.rollout.promoted' })
})
