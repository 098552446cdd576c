import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type Client,
  endpointRoutes,
  HaganeError,
  type RolloutResource,
  rolloutRoutes,
  treeUri,
} from '@hagane/contract'
import { buildTestApp, eachDialect, type TestApp, uploadFiles } from '@hagane/testkit'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { eventsAfter } from '../../kernel/events/index.ts'

const MINUTES = 60_000
const script = 'def init():\n    pass\ndef run(raw):\n    return [1]\n'

const requests = {
  ...{ name: 'requests', provider: { request_count: {} }, successCondition: 'result > 5.0', interval: '1s' },
}

eachDialect('rollouts', database => {
  const apps: TestApp[] = []
  let client: Client
  beforeAll(async () => {
    const first = await buildTestApp({ settings: { database: database.location() }, serverId: 'one' })
    apps.push(first)
    client = first.client
    await client.call(endpointRoutes.create, { body: { name: 'e' } })
    const code = treeUri(await uploadFiles(client, { 'score.py': script }))
    for (const deployment of ['blue', 'green', 'grey']) {
      const params = { name: 'e', deployment }
      const body = { code_configuration: { code, scoring_script: 'score.py' } }
      const query = { all_traffic: String(deployment === 'blue') }
      await client.call(endpointRoutes.createDeployment, { params, body, query })
      while ((await client.call(endpointRoutes.showDeployment, { params })).provisioning_state !== 'Succeeded')
        await pause(20)
    }
    // another server on the same database and folder
    apps.push(await buildTestApp({ settings: { database: database.location() }, serverId: 'two', dir: first.dir }))
    await client.call(endpointRoutes.update, { params: { name: 'e' }, body: { mirror_traffic: { grey: 10 } } })
  }, 2 * MINUTES)
  afterAll(async () => {
    const gateway = gatewayOf(apps[0]?.dir ?? '')
    for (const app of apps.reverse()) await app[Symbol.asyncDispose]()
    if (gateway !== undefined) process.kill(gateway, 'SIGTERM')
  }, MINUTES)
  afterEach(async () => {
    for (const { name } of (await client.call(rolloutRoutes.list, { query: {} })).items)
      await act('abort', name).catch(() => {})
    await client.call(endpointRoutes.update, {
      ...{ params: { name: 'e' }, body: { traffic: { blue: 100 }, mirror_traffic: { grey: 10 } } },
    })
  })

  const create = (name: string, steps: object[], more: object = {}, start = true) =>
    client.call(rolloutRoutes.create, {
      body: {
        rollout: { name, endpoint: 'e', deployment: 'green', strategy: { canary: { steps } }, ...more } as never,
        start,
      },
    })
  const show = (name: string) => client.call(rolloutRoutes.show, { params: { name } })
  const act = (what: 'abort' | 'pause' | 'resume' | 'retry' | 'start' | 'approve', name: string) =>
    client.call(rolloutRoutes[what], { params: { name }, body: {} })
  const until = async (name: string, is: (found: RolloutResource) => boolean): Promise<RolloutResource> => {
    for (;;) {
      const found = await show(name)
      if (is(found)) return found
      await pause(20)
    }
  }
  const refusal = async (attempt: Promise<unknown>): Promise<string> => {
    const error = await attempt.then(
      () => undefined,
      (cause: unknown) => cause,
    )
    return error instanceof HaganeError ? `${error.kind}: ${error.message}` : `not refused: ${String(error)}`
  }
  const eventsOf = async (name: string) =>
    (await eventsAfter(database.db(), 0, 10_000, { subject: `rollout/${name}` })).map(({ type, data }) => ({
      type: type.replace('dev.hagane.rollout.', ''),
      data: JSON.parse(data) as Record<string, unknown>,
    }))
  const traffic = async () => {
    const { traffic, mirror_traffic } = await client.call(endpointRoutes.show, { params: { name: 'e' } })
    return { traffic, mirror_traffic }
  }

  it(
    'goes its way once although two servers look, keeps other mirrors, and ends with all traffic',
    async () => {
      await create('once', [
        { setWeight: 30 },
        { pause: { duration: '1s' } },
        { setWeight: 60 },
        { pause: { duration: '1s' } },
      ])
      await until('once', found => found.weight === 60)
      expect(await traffic()).toEqual({ traffic: { blue: 40, green: 60 }, mirror_traffic: { grey: 10 } })
      await until('once', found => found.phase === 'Healthy')
      expect(await traffic()).toEqual({ traffic: { blue: 0, green: 100 }, mirror_traffic: { grey: 10 } })
      const events = await eventsOf('once')
      expect(events.map(event => event.type)).toEqual([
        ...['created', 'started', 'step', 'step', 'paused', 'step', 'step', 'paused', 'promoted'],
      ])
      expect(events.flatMap(event => (event.type === 'step' ? [event.data.step] : []))).toEqual([0, 1, 2, 3])
    },
    MINUTES,
  )

  it(
    'holds its endpoint: what else would move the traffic is refused with its name',
    async () => {
      await create('holder', [{ setWeight: 10 }, { pause: {} }])
      await until('holder', found => found.pause?.reason === 'approval')
      const named = "rollout 'holder'"
      expect(await refusal(create('other', [{ setWeight: 10 }]))).toContain(`conflict: ${named}`)
      const params = { name: 'e' }
      expect(await refusal(client.call(endpointRoutes.update, { params, body: { traffic: { blue: 100 } } }))).toContain(
        named,
      )
      expect(await refusal(client.call(endpointRoutes.update, { params, body: { mirror_traffic: {} } }))).toContain(
        named,
      )
      expect(await refusal(client.call(endpointRoutes.delete, { params }))).toContain(named)
      const green = { name: 'e', deployment: 'green' }
      const { code_configuration } = await client.call(endpointRoutes.showDeployment, { params: green })
      const body = { code_configuration } as never
      const put = (deployment: string, all: string) =>
        client.call(endpointRoutes.createDeployment, {
          params: { name: 'e', deployment },
          body,
          query: { all_traffic: all },
        })
      expect(await refusal(put('green', 'false'))).toContain(named)
      expect(await refusal(put('grey', 'true'))).toContain(named)
      expect(await refusal(client.call(rolloutRoutes.delete, { params: { name: 'holder' } }))).toContain('conflict')
      await client.call(endpointRoutes.update, { params, body: { description: 'this may change' } })
      await act('abort', 'holder')
      expect(await traffic()).toEqual({ traffic: { blue: 100 }, mirror_traffic: { grey: 10 } })
      expect((await eventsOf('holder')).at(-1)).toMatchObject({
        type: 'aborted',
        data: { alert: { state: 'resolved' } },
      })
    },
    MINUTES,
  )

  it(
    'begins again after an abort, and can be held and let go',
    async () => {
      await create('again', [{ setWeight: 5 }, { analysis: { metrics: [requests] } }], {}, false)
      expect(await show('again')).toMatchObject({ phase: 'Pending', attempt: 0 })
      await act('start', 'again')
      expect(await refusal(act('start', 'again'))).toContain('conflict')
      await until('again', found => found.current_step === 1)
      expect(await act('pause', 'again')).toMatchObject({ phase: 'Paused', pause: { reason: 'asked' } })
      expect(await act('resume', 'again')).toMatchObject({ phase: 'Progressing' })
      await until('again', found => found.current_step === 1)
      expect(await act('abort', 'again')).toMatchObject({ phase: 'Degraded' })
      expect(await act('retry', 'again')).toMatchObject({ phase: 'Progressing', attempt: 2 })
      await until('again', found => found.current_step === 1)
      const measured = () => client.call(rolloutRoutes.measurements, { params: { name: 'again' }, query: {} })
      let { items } = await measured()
      while (items.length === 0) {
        await pause(20)
        items = (await measured()).items
      }
      expect(items[0]).toMatchObject({ metric: 'requests', phase: 'Waiting', count: 0 })
    },
    MINUTES,
  )

  it('is one however often it is asked for with the same key', async () => {
    const body = JSON.stringify({
      rollout: { endpoint: 'e', deployment: 'green', strategy: { canary: { steps: [{ pause: {} }] } } },
    })
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'k1' }
    const send = async () => fetch(`${apps[0]?.url}/api/v1/rollouts`, { method: 'POST', headers, body })
    const [first, second] = [await send(), await send()]
    expect([first.status, second.status]).toEqual([201, 201])
    expect(await second.json()).toMatchObject({ name: ((await first.json()) as { name: string }).name })
  })

  it.each([
    [{ deployment: 'pink' }, "not_found: deployment: no deployment 'pink'"],
    [{ endpoint: 'nowhere' }, 'not_found'],
    [{ deployment: 'blue' }, 'invalid: endpoint: no deployment'],
    [{ stable: 'green' }, "invalid: stable: 'green' is the candidate itself"],
    [{ stable: 'grey' }, 'invalid: endpoint: the traffic'],
    [{ deployment: undefined }, 'name the candidate'],
    [
      { strategy: { canary: { steps: [{ setWeight: 5 }, { setMirror: { percentage: 5 } }] } } },
      'setMirror: a deployment',
    ],
    [{ strategy: { canary: { steps: [{ setWeight: 5, pause: {} }] } } }, 'exactly one of setWeight'],
    [{ strategy: {} }, 'exactly one of canary'],
    [
      { strategy: { shadow: { analysis: { metrics: [{ ...requests, successCondition: 'result >' }] } } } },
      'metrics.0.successCondition is not a condition',
    ],
    [
      { strategy: { abTest: { analysis: { metrics: [{ ...requests, successCondition: 'result < stable * 2' }] } } } },
      'successCondition cannot be told',
    ],
    [{ model: 'azureml:nothing:1' }, 'not_found'],
  ])('is refused with %j', async (more, message) => {
    expect(await refusal(create('bad', [{ setWeight: 5 }], more))).toContain(message)
  })
})

function gatewayOf(dir: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(join(dir, 'gateway/gateway.json'), 'utf8')) as { pid: number }).pid
  } catch {
    return undefined
  }
}
