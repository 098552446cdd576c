import { createHash } from 'node:crypto'
import { createClient, endpointRoutes } from '@hagane/contract'
import { eachDialect } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EndpointsUnderTest, script, server, until } from './endpoints-under-test.ts'

eachDialect('online endpoints', database => {
  let under: EndpointsUnderTest
  const typesOf = async (subject: string): Promise<string[]> => (await under.events(subject)).map(event => event.type)

  beforeAll(async () => {
    under = await EndpointsUnderTest.start(database.db())
  })
  afterAll(() => under.end())

  it('serves a script with its model, and every answer leads back to what stands behind it', async () => {
    await under.client.call(endpointRoutes.create, { body: { name: 'iris', auth_mode: 'Key', tags: { team: 'ml' } } })
    const code_configuration = await under.codeOf(script('1'))
    const blue = await under.deploy(
      'iris',
      'blue',
      { model: 'azureml:weights:3', code_configuration, environment: 'azureml:env:1' },
      true,
    )
    expect(blue).toMatchObject({
      provisioning_state: 'Succeeded',
      serving: { state: 'ready', workers_ready: 1 },
      revision: {
        model: { id: 'azureml:weights:3', run_id: 'r1' },
        environment: { id: 'azureml:env:1', lock_digest: 'e'.repeat(64) },
      },
    })
    const answer = await under.score('iris')
    expect(answer).toMatchObject({ status: 200, body: { answer: 1, model: ['weights'] } })
    const { prediction, revision } = await under.client.call(endpointRoutes.prediction, {
      params: { id: `${answer.id}-0` },
    })
    expect(prediction).toMatchObject({
      endpoint: 'iris',
      deployment: 'blue',
      status: 200,
      revision: blue.revision?.revision_id,
    })
    expect(revision).toEqual(blue.revision)
    expect(await typesOf('deployment/iris/blue')).toEqual([
      'deployment-requested',
      'deployment-revised',
      'deployment-ready',
    ])
    expect(await typesOf('endpoint/iris')).toContain('traffic-changed')
    const other = createClient({ url: under.url, workspace: 'other' })
    await expect(other.call(endpointRoutes.prediction, { params: { id: answer.id } })).rejects.toMatchObject({
      kind: 'not_found',
    })
  })

  it('the same content again is the same revision, a change is a new one, and both are kept', async () => {
    const body = {
      model: 'azureml:weights:3',
      code_configuration: await under.codeOf(script('1')),
      environment: 'azureml:env:1',
    }
    const same = await under.deploy('iris', 'blue', body)
    const changed = await under.deploy('iris', 'blue', { ...body, code_configuration: await under.codeOf(script('2')) })
    expect([same.provisioning_state, changed.provisioning_state]).toEqual(['Succeeded', 'Succeeded'])
    expect((await under.score('iris')).body.answer).toBe(2)
    const params = { name: 'iris', deployment: 'blue' }
    const { items } = await under.client.call(endpointRoutes.deploymentRevisions, { params })
    expect(items.map(item => item.revision_id)).toEqual([changed.revision?.revision_id, same.revision?.revision_id])
  })

  it('instances change in place: the same revision, and done when all of them answer', async () => {
    const params = { name: 'iris', deployment: 'blue' }
    const before = await under.client.call(endpointRoutes.showDeployment, { params })
    const code_configuration = await under.codeOf(script('2'))
    const body = { model: 'azureml:weights:3', code_configuration, environment: 'azureml:env:1' }
    const timesReady = async () =>
      (await typesOf('deployment/iris/blue')).filter(type => type === 'deployment-ready').length
    const readyBefore = await timesReady()
    const more = await under.deploy('iris', 'blue', { ...body, instance_count: 2 })
    expect(await timesReady()).toBe(readyBefore + 1)
    expect(more).toMatchObject({
      provisioning_state: 'Succeeded',
      serving: { workers: 2, workers_ready: 2, pid: before.serving?.pid, restarts: 0 },
    })
    expect(more.revision?.revision_id).toBe(before.revision?.revision_id)
    expect(await under.endpoints.deploymentsOfModel('default', 'weights', '3')).toEqual(['iris/blue'])
    expect(await under.endpoints.deploymentsOfModel('default', 'weights', '4')).toEqual([])
    await under.deploy('iris', 'blue', body)
  })

  it('code that does not start fails with its own traceback, and the revision before goes on serving', async () => {
    const params = { name: 'iris', deployment: 'blue' }
    const failed = await under.deploy('iris', 'blue', {
      code_configuration: await under.codeOf('def init():\n    raise RuntimeError("no licence")\ndef run(x): pass\n'),
    })
    expect(failed.provisioning_state).toBe('Failed')
    expect(failed.error?.message).toBe('RuntimeError: no licence')
    expect(failed.error?.log_tail?.join('\n')).toMatch(/score\.py", line 2, in init/)
    expect((await under.client.call(endpointRoutes.deploymentLogs, { params })).content).toContain('no licence')
    expect((await under.score('iris')).body.answer).toBe(2)
  })

  it.each<[string, { script?: string; environment?: string; model?: string }, string]>([
    ['an environment that cannot be built', { environment: 'azureml:broken:1' }, 'no package named nope'],
    ['a model that is not there', { model: 'azureml:nope:1' }, 'no model azureml:nope:1'],
    ['a script that is not in the code', { script: 'other.py' }, "'other.py' is not in the code"],
  ])('%s fails the deployment with the reason', async (_, { script: name, ...more }, words) => {
    const code_configuration = {
      ...(await under.codeOf(script('1'))),
      ...(name === undefined ? {} : { scoring_script: name }),
    }
    const failed = await under.deploy('iris', 'broken', { code_configuration, ...more })
    expect(failed.provisioning_state).toBe('Failed')
    expect(failed.error?.message).toContain(words)
  })

  it.each<[string, object, string]>([
    ['nothing to serve', {}, 'invalid'],
    ['a container', { environment: { image: 'x', inference_config: {} } }, 'unsupported'],
    ['a Triton model', { model: { path: 'azureml:m:1', type: 'triton_model' } }, 'unsupported'],
    ['a mount path that is none', { model: 'azureml:m:1', model_mount_path: 'models' }, 'invalid'],
    ['an unknown field', { instnce_count: 2 }, 'invalid'],
    ['another name than the address', { name: 'green', model: 'azureml:m:1' }, 'invalid'],
  ])('%s is refused at once', async (_, body, kind) => {
    const params = { name: 'iris', deployment: 'odd' }
    await expect(under.client.call(endpointRoutes.createDeployment, { params, body })).rejects.toMatchObject({ kind })
    await expect(under.client.call(endpointRoutes.showDeployment, { params })).rejects.toMatchObject({
      kind: 'not_found',
    })
  })

  it('a server of its author runs from its start command, with the model where Azure ML would mount it', async () => {
    const live = { path: '/live', port: 8501 }
    const spec = {
      model: 'azureml:weights:3',
      code_configuration: await under.codeOf(server),
      environment: {
        image: 'registry.example/tfserving',
        inference_config: { liveness_route: live, readiness_route: live, scoring_route: { path: '/x', port: 8501 } },
      },
      model_mount_path: '/srv/models',
      environment_variables: { MODEL_BASE_PATH: '/srv/models/weights/3' },
    }
    const { code_configuration: _, ...without } = spec
    const failed = await under.deploy('iris', 'server', without)
    expect(failed.error?.message).toContain("server of image 'registry.example/tfserving'")
    const command = 'MODEL_BASE_PATH="$MODEL_BASE_PATH/$(ls /srv/models)" exec python3 score.py'
    const served = await under.deploy('iris', 'server', { ...spec, properties: { 'hagane.command': command } })
    expect(served).toMatchObject({ provisioning_state: 'Succeeded', model_mount_path: '/srv/models' })
    const { body } = await under.score('iris', { 'azureml-model-deployment': 'server' })
    expect(body).toEqual({ answer: '/x', model: ['w.bin'] })
    const again = await under.deploy('iris', 'server', { ...spec, properties: { 'hagane.command': `${command} ` } })
    const other = await under.deploy('iris', 'server', { ...spec, properties: { 'hagane.command': `${command} x` } })
    expect(again.revision?.revision_id).toBe(served.revision?.revision_id)
    expect(other.revision?.revision_id).not.toBe(served.revision?.revision_id)
  })

  describe('traffic', () => {
    const update = (body: object) => under.client.call(endpointRoutes.update, { params: { name: 'iris' }, body })
    it('goes to deployments that exist, in shares of 100, and each split is an event', async () => {
      await under.deploy('iris', 'green', { code_configuration: await under.codeOf(script('3')) })
      await expect(update({ traffic: { blue: 90 } })).rejects.toThrow('the shares add up to 90')
      await expect(update({ traffic: { red: 100 } })).rejects.toThrow("no deployment 'red'")
      expect((await update({ traffic: { green: 100 } })).traffic).toEqual({ green: 100 })
      await until(async () => (await under.score('iris')).body.answer === 3)
      expect((await under.score('iris', { 'azureml-model-deployment': 'blue' })).body.answer).toBe(2)
    })
    it('keeps a deployment from being deleted', async () => {
      const params = { name: 'iris', deployment: 'green' }
      await expect(under.client.call(endpointRoutes.deleteDeployment, { params })).rejects.toMatchObject({
        kind: 'conflict',
      })
      await update({ traffic: { blue: 100 } })
      await under.client.call(endpointRoutes.deleteDeployment, { params })
      await until(async () => (await under.score('iris', { 'azureml-model-deployment': 'green' })).status === 404)
      expect((await under.score('iris')).body.answer).toBe(2)
    })
  })

  it('a key that was replaced stops working, the other one goes on', async () => {
    const params = { name: 'iris' }
    const before = await under.client.call(endpointRoutes.credentials, { params })
    await under.client.call(endpointRoutes.regenerateKey, { params, body: { key_type: 'secondary' } })
    const after = await under.client.call(endpointRoutes.credentials, { params })
    expect(after.primaryKey).toBe(before.primaryKey)
    expect(after.secondaryKey).not.toBe(before.secondaryKey)
    const status = async (key = '') => (await under.score('iris', { authorization: `Bearer ${key}` })).status
    await until(async () => (await status(before.secondaryKey)) === 401)
    expect([await status(after.secondaryKey), await status(before.primaryKey)]).toEqual([200, 200])
  })

  it('an endpoint that takes tokens gives one out for an hour', async () => {
    await under.client.call(endpointRoutes.create, { body: { name: 'tokens', auth_mode: 'aml_token' } })
    const given = await under.client.call(endpointRoutes.credentials, { params: { name: 'tokens' } })
    expect(given).toMatchObject({ tokenType: 'Bearer', accessToken: expect.stringMatching(/^hgt_/) })
    expect((given.expiryTimeUtc ?? 0) - Date.now() / 1000).toBeGreaterThan(3500)
    await under.deploy('tokens', 'blue', { code_configuration: await under.codeOf(script('5')) }, true)
    await until(
      async () => (await under.score('tokens', { authorization: `Bearer ${given.accessToken}` })).status === 200,
    )
    expect((await under.score('tokens', { authorization: 'Bearer hgt_x' })).status).toBe(401)
  })

  it('an endpoint for people takes their own tokens, as long as the access domain names them', async () => {
    await under.client.call(endpointRoutes.create, { body: { name: 'people', auth_mode: 'aad_token' } })
    await under.deploy('people', 'blue', { code_configuration: await under.codeOf(script('6')) }, true)
    const ofPerson = { authorization: 'Bearer hg_person' }
    expect((await under.score('people', ofPerson)).status).toBe(401)
    under.callers = [{ sha256: createHash('sha256').update('hg_person').digest('hex'), expires_at: null }]
    await until(async () => (await under.score('people', ofPerson)).status === 200)
    under.callers = []
    await until(async () => (await under.score('people', ofPerson)).status === 401)
    await under.client.call(endpointRoutes.delete, { params: { name: 'people' } })
  })

  it('a local endpoint needs neither key nor traffic, and properties that are not understood are refused', async () => {
    const body = { name: 'near', properties: { 'hagane.local': 'true' } }
    await under.client.call(endpointRoutes.create, { body })
    await under.deploy('near', 'blue', { code_configuration: await under.codeOf(script('7')) })
    await until(async () => (await under.score('near', { authorization: '' })).status === 200)
    const properties = { 'hagane.rate_limit': 'fast' }
    await expect(
      under.client.call(endpointRoutes.update, { params: { name: 'near' }, body: { properties } }),
    ).rejects.toMatchObject({ kind: 'invalid', details: [{ property: 'properties.hagane.rate_limit', sent: 'fast' }] })
    await under.client.call(endpointRoutes.delete, { params: { name: 'near' } })
  })

  it('lists page by page, refuses a name twice, and a stale change', async () => {
    const first = await under.client.call(endpointRoutes.list, { query: { limit: 1 } })
    const second = await under.client.call(endpointRoutes.list, { query: { limit: 1, cursor: first.next_cursor } })
    expect([...first.items, ...second.items].map(item => item.name)).toEqual(['iris', 'tokens'])
    await expect(under.client.call(endpointRoutes.create, { body: { name: 'iris' } })).rejects.toMatchObject({
      kind: 'conflict',
    })
    const stale = { params: { name: 'iris' }, body: { description: 'x' }, headers: { 'if-match': '"0"' } }
    await expect(under.client.call(endpointRoutes.update, stale)).rejects.toMatchObject({ kind: 'precondition_failed' })
  })

  it('a gateway that was killed under load comes back on its port with every answer on record, and another server adopts it', async () => {
    const before = under.endpoints.gateway()
    const run = await under.load('iris', 4)
    await until(async () => run.answered.length >= 20)
    process.kill(before?.pid ?? 0, 'SIGKILL')
    await until(async () => ![undefined, before?.pid].includes(under.endpoints.gateway()?.pid))
    expect(under.endpoints.gateway()?.url).toBe(before?.url)
    const back = run.answered.length + 20
    await until(async () => run.answered.length >= back)
    await run.stop()
    // a broken connection is all that a caller sees of it; whoever was answered is answered for good
    expect(new Set(run.answered.map(answer => answer.status))).toEqual(new Set([200]))
    expect(new Set(run.answered.map(answer => answer.id)).size).toBe(run.answered.length)
    for (const { id } of run.answered)
      expect((await under.client.call(endpointRoutes.prediction, { params: { id } })).prediction.id).toBe(id)
    const running = under.endpoints.gateway()?.pid
    await under.stopServer()
    await under.serve()
    expect(under.endpoints.gateway()?.pid).toBe(running)
    expect(
      (await under.deploy('iris', 'late', { code_configuration: await under.codeOf(script('9')) })).provisioning_state,
    ).toBe('Succeeded')
  })

  it('a deployment whose server stopped in the middle is finished by the next one', async () => {
    const params = { name: 'iris', deployment: 'patient' }
    const body = { code_configuration: await under.codeOf(script('8')), environment: 'azureml:slow:1' }
    await under.client.call(endpointRoutes.createDeployment, { params, body })
    await until(async () => under.slowBuilds === 1)
    await under.stopServer()
    await under.serve()
    const show = () => under.client.call(endpointRoutes.showDeployment, { params })
    await until(async () => (await show()).provisioning_state === 'Succeeded')
    expect(under.slowBuilds).toBe(2)
    expect((await under.score('iris', { 'azureml-model-deployment': 'patient' })).body.answer).toBe(8)
  })

  it('sealed predictions are proved by an event with the digest of their file', async () => {
    await until(async () => (await typesOf('deployment/iris/blue')).includes('predictions-sealed'))
    const sealed = (await under.events('deployment/iris/blue')).find(event => event.type === 'predictions-sealed')
    expect(sealed?.data).toMatchObject({
      endpoint: 'iris',
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  it('a deleted endpoint is gone with its deployments, here and at the gateway', async () => {
    const { scoring_uri, grpc_uri } = await under.client.call(endpointRoutes.show, { params: { name: 'tokens' } })
    expect(grpc_uri).toMatch(/^127\.0\.0\.1:\d+$/)
    await under.client.call(endpointRoutes.delete, { params: { name: 'tokens' } })
    await expect(
      under.client.call(endpointRoutes.listDeployments, { params: { name: 'tokens' } }),
    ).rejects.toMatchObject({
      kind: 'not_found',
    })
    await until(async () => (await fetch(scoring_uri, { method: 'POST', body: '{}' })).status === 404)
  })
})
