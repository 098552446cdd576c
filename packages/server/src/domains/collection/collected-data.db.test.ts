import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { dataRoutes, endpointRoutes } from '@hagane/contract'
import { buildTestApp, eachDialect, logOf, runJob, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

eachDialect('data assets of what deployments collect', database => {
  let app: TestApp
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location() } })
    await app.client.call(endpointRoutes.create, { body: { name: 'iris' } })
  })
  afterAll(async () => {
    const { pid } = JSON.parse(readFileSync(join(app.dir, 'gateway/gateway.json'), 'utf8'))
    await app[Symbol.asyncDispose]()
    process.kill(pid, 'SIGTERM')
  })

  /** It names a model that is not there, so nothing is started; what it collects is settled when it is asked for. */
  const deploy = (collections: object) =>
    app.client.call(endpointRoutes.createDeployment, {
      params: { name: 'iris', deployment: 'blue' },
      body: { model: 'azureml:nope:1', data_collector: { collections } } as never,
    })
  const show = (name: string, version = '1') => app.client.call(dataRoutes.show, { params: { name, version } })
  const inputs = 'modelDataCollector/iris/blue/model_inputs'
  const collect = (folder: string, file: string, text: string) => {
    const path = join(app.dir, 'datastores/default/workspaceblobstore', folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }

  it('have the names that the author gives, else those of endpoint, deployment and collection; asked again nothing changes', async () => {
    const elsewhere = 'azureml://datastores/workspaceblobstore/paths/mine'
    const collections = {
      model_inputs: { enabled: 'True', data: { name: 'flowers', version: 3 } },
      Model_Outputs: { enabled: true },
      request: { enabled: true, data: { name: 'asked', path: elsewhere } },
      response: { enabled: 'False', data: { name: 'off' } },
    }
    await deploy(collections)
    await deploy(collections)
    const { items } = await app.client.call(dataRoutes.list)
    expect(items.map(({ name, version }) => `${name}:${version}`).sort()).toEqual([
      'asked:1',
      'flowers:3',
      'iris-blue-model_outputs:1',
    ])
    expect(await show('flowers', '3')).toMatchObject({
      type: 'uri_folder',
      path: `azureml://datastores/workspaceblobstore/paths/${inputs}`,
    })
    expect((await show('flowers', '3')).size).toBeUndefined()
    expect((await show('asked')).path).toBe(elsewhere)
    expect((await show('iris-blue-model_outputs')).path).toMatch(/\/iris\/blue\/model_outputs$/)
  })

  it('hold what was collected by the time a job or a version of it is made', async () => {
    const take = () =>
      app.client.call(dataRoutes.create, { body: { name: 'taken', path: 'azureml:flowers:3' } as never })
    await expect(take()).rejects.toThrow('azureml:flowers:3 holds nothing yet')
    collect(inputs, '2026/11/26/09/a.parquet', 'a')
    expect((await take()).file_count).toBe(1)
    collect(inputs, '2026/11/26/10/b.parquet', 'b')
    const job = await runJob(app.client, {
      type: 'command',
      command: 'cd ${{inputs.rows}} && find . -type f | sort',
      inputs: { rows: { type: 'uri_folder', path: 'azureml:flowers@latest' } },
    })
    expect(await logOf(app.client, job.name)).toContain('./2026/11/26/09/a.parquet\n./2026/11/26/10/b.parquet')
    const params = { name: 'taken', version: '1' }
    expect((await app.client.call(dataRoutes.show, { params })).file_count).toBe(1)
  })

  it('are refused under a name that is taken; a name that nobody chose gives way', async () => {
    await app.client.call(dataRoutes.create, {
      body: { name: 'iris-blue-request', version: '1', path: 'azureml:flowers:3' } as never,
    })
    await deploy({ request: { enabled: true } })
    await expect(deploy({ request: { enabled: true, data: { name: 'iris-blue-request' } } })).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('data_collector.collections.request.data'),
    })
  })

  it('are refused where they are to go to a place that does not exist', async () => {
    const to = (path: string) => deploy({ model_inputs: { enabled: true, data: { path } } })
    const property = 'data_collector.collections.model_inputs.data.path'
    await expect(to('azureml://datastores/lake/paths/in')).rejects.toMatchObject({
      kind: 'invalid',
      message: `${property}: no datastore 'lake' in workspace default`,
      details: [{ property, sent: 'azureml://datastores/lake/paths/in' }],
      hint: expect.stringContaining('hagane datastore create'),
    })
    await expect(to('azureml://datastores/workspaceblobstore/paths/../in')).rejects.toMatchObject({ kind: 'invalid' })
    await expect(to('./here')).rejects.toThrow(`${property}: './here' is not a path of a datastore`)
  })
})
