import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AuditTrail, auditTrailRoutes, lineageRoutes } from '@hagane/contract'
import { buildTestApp, eachDialect, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const [old, young] = ['0123456789abcdef', 'fedcba9876543210']
const tree = 'c'.repeat(64)

eachDialect('trails', database => {
  let server: TestApp
  const times: Record<string, string> = {}

  /** Events as the domains write them, each in a transaction of its own, later than the one before. */
  const tell = async (actor: string, type: string, subject: string, data: Record<string, unknown>) => {
    const { db } = server.app
    await db.withTransaction({ workspace: 'default', actor }, async tx => {
      tx.append({ type: `dev.hagane.${type}`, subject, data })
    })
    await nextMillisecond()
  }
  const nextMillisecond = async () => {
    const before = Date.now()
    while (Date.now() === before) await new Promise(resolve => setImmediate(resolve))
  }
  const mark = async (name: string) => {
    times[name] = new Date().toISOString()
    await nextMillisecond()
  }
  const trail = (of: string, at?: string): Promise<AuditTrail> =>
    server.client.call(auditTrailRoutes.show, { query: { of, ...(at === undefined ? {} : { at }) } })
  const deploy = async (actor: string, name: string, model: string, revision_id: string) => {
    const place = { endpoint: 'flights', deployment: name }
    const subject = `deployment/flights/${name}`
    await tell(actor, 'endpoint.deployment-requested', subject, place)
    const facts = { revision_id, model: `azureml:${model}`, model_tree: tree, environment_lock: 'e'.repeat(64) }
    await tell(actor, 'endpoint.deployment-revised', subject, { ...place, ...facts })
    await tell('gateway', 'endpoint.deployment-ready', subject, { ...place, revision_id })
  }
  const split = (actor: string, traffic: Record<string, number>, more = {}) =>
    tell(actor, 'endpoint.traffic-changed', 'endpoint/flights', {
      ...{ endpoint: 'flights', before: {}, traffic, mirror_traffic: {} },
      ...more,
    })

  beforeAll(async () => {
    server = await buildTestApp({ settings: { database: database.location() } })
    await tell('user:alice', 'data.created', 'data/flights-raw:3', { name: 'flights-raw', version: '3', tree })
    const input = { kind: 'content', asset: 'azureml:flights-raw:3', tree, type: 'uri_file' }
    const git = { commit: 'a'.repeat(40), branch: 'main' }
    const job = { name: 'train-1', type: 'command', inputs: { rows: input }, git, code: { tree: 'd'.repeat(64) } }
    await tell('user:alice', 'job.submitted', 'job/train-1', job)
    await tell('server', 'job.completed', 'job/train-1', { name: 'train-1', exit_code: 0 })
    for (const version of ['1', '2']) {
      const data = { name: 'flights', version, tree, job_name: 'train-1' }
      await tell('user:alice', 'model.version-created', `model/flights:${version}`, data)
    }
    await mark('before')
    await tell('user:alice', 'endpoint.created', 'endpoint/flights', { endpoint: 'flights' })
    await mark('empty')
    await deploy('user:alice', 'blue', 'flights:1', old)
    await split('user:alice', { blue: 100 })
    await mark('first')
    await tell('server', 'gate.passed', 'gate/better', {
      gate: 'better',
      candidate: 'flights:2',
      correlation_id: 'why',
    })
    await deploy('user:bob', 'green', 'flights:2', young)
    await split('rollout:careful', { blue: 90, green: 10 }, { correlation_id: 'why' })
    await mark('canary')
    await deploy('user:bob', 'blue', 'flights:2', young)
    await mark('later')
  }, 120_000)
  afterAll(async () => server?.[Symbol.asyncDispose]())

  it('what served at a time, and who decided it', async () => {
    const first = await trail('endpoint:flights', times.first)
    expect(first.served).toMatchObject([
      { deployment: 'blue', traffic: 100, model: 'azureml:flights:1', revision_id: old, deployed_by: 'user:alice' },
    ])
    expect(first.decided_by).toMatchObject({ actor: 'user:alice', says: 'traffic of flights: nothing → blue 100 %' })
    const canary = await trail('endpoint:flights', times.canary)
    expect(canary.served).toMatchObject([
      { deployment: 'blue', traffic: 90, model: 'azureml:flights:1' },
      { deployment: 'green', traffic: 10, model: 'azureml:flights:2', deployed_by: 'user:bob' },
    ])
    expect(canary.decided_by?.actor).toBe('rollout:careful')
    const says = canary.story.map(entry => entry.says)
    expect(says).toContain('gate passed: better')
    expect(says).toContain(`submitted command job train-1 at commit ${'a'.repeat(12)}, with rows=azureml:flights-raw:3`)
    expect(canary.facts.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['commit', 'code', 'data', 'job', 'model']),
    )
    expect((await trail('endpoint:flights')).served?.[0]).toMatchObject({ deployment: 'blue', revision_id: young })
  })

  it('a time at which nothing served, or there was no endpoint, is said', async () => {
    expect(await trail('endpoint:flights', times.empty)).toMatchObject({ served: [] })
    await expect(trail('endpoint:flights', times.before)).rejects.toThrow("there was no endpoint 'flights'")
    await expect(trail('endpoint:nowhere')).rejects.toThrow("there was no endpoint 'nowhere'")
    await expect(trail('model:flights:1', times.first)).rejects.toThrow('a time is for an endpoint')
    await expect(trail('shoe:1')).rejects.toThrow('model:<name>:<version>')
  })

  it('the story of a model is in order, from its data to its deployments and what was decided on it', async () => {
    const { story, facts } = await trail('model:flights:2')
    expect(story.map(({ seq }) => seq)).toEqual(story.map(({ seq }) => seq).toSorted((a, b) => a - b))
    const types = story.map(({ type }) => type.replace('dev.hagane.', ''))
    for (const type of [
      'data.created',
      'job.submitted',
      'model.version-created',
      'gate.passed',
      'endpoint.deployment-ready',
    ])
      expect(types).toContain(type)
    expect(story.some(({ subject }) => subject === 'model/flights:1')).toBe(false)
    expect(facts.at(-1)?.kind).toBe('deployment')
  })

  describe('of predictions', () => {
    const at = 1_752_346_656_768
    const id = `pr-${old}-01K00000000000000000000001`
    const hour = new Date(at).toISOString().slice(0, 13)
    const record = {
      ...{ id, time: new Date(at).toISOString(), workspace: 'default', endpoint: 'flights', deployment: 'blue' },
      ...{
        revision: old,
        rows: 1,
        status: 200,
        latency_ms: 1,
        input_sha256: 'a'.repeat(64),
        output_sha256: 'b'.repeat(64),
      },
    }

    it('a prediction leads to the model, and data that is recalled to the predictions', async () => {
      const folder = join(server.dir, 'gateway', 'predictions', old)
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, `${hour}.ndjson`), `${JSON.stringify(record)}\n`)
      const { facts } = await trail(`prediction:${id}`)
      expect(facts.map(node => node.id)).toEqual(
        expect.arrayContaining(['data:flights-raw:3', 'model:flights:1', `prediction:${id}`, 'job:train-1']),
      )
      const recall = await server.client.call(lineageRoutes.recall, { query: { data: 'flights-raw:3' } })
      expect(recall).toMatchObject({ jobs: ['train-1'], endpoints: ['flights'], is_cut: false })
      expect(recall.models.toSorted()).toEqual(['flights:1', 'flights:2'])
      expect(recall.predictions).toEqual({
        count: 1,
        from: `${hour}:00:00.000Z`,
        to: expect.stringMatching(/:00:00.000Z$/),
      })
      const touched = await server.client.raw(lineageRoutes.recallPredictions, { query: { data: 'flights-raw:3' } })
      expect(JSON.parse(await touched.text()).id).toBe(id)
    })

    it('unknown data and predictions are refused', async () => {
      const recall = server.client.call(lineageRoutes.recall, { query: { data: 'nothing:1' } })
      await expect(recall).rejects.toThrow("nothing is known of data 'nothing:1'")
      await expect(trail(`prediction:pr-${old}-01K0000000000000000000ZZZZ`)).rejects.toThrow('no prediction')
    })
  })
})
