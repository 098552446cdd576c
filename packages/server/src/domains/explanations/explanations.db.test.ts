import { explanationRoutes, jobRoutes, modelRoutes, treeUri } from '@hagane/contract'
import { buildTestApp, eachDialect, type TestApp, uploadFiles } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

const mlmodel = 'flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    env: {conda: conda.yaml}\n'
const conda = 'dependencies: [python=3.11, pip, {pip: [mlflow]}]\n'

eachDialect('explanations', database => {
  let server: TestApp
  const explain = (body: Parameters<typeof request>[0]) => request(body)
  const request = (body: { model?: string; prediction?: string; data?: string; rows?: number }) =>
    server.client.call(explanationRoutes.create, { body })

  beforeAll(async () => {
    server = await buildTestApp({ settings: { database: database.location() } })
    const tree = await uploadFiles(server.client, { MLmodel: mlmodel, 'conda.yaml': conda })
    for (const [name, type] of [
      ['flights', 'mlflow_model'],
      ['blob', 'custom_model'],
    ] as const)
      await server.client.call(modelRoutes.create, { body: { name, version: '1', type, path: treeUri(tree) } })
  }, 120_000)
  afterAll(async () => server?.[Symbol.asyncDispose]())

  it('are jobs in the environment that the model brings, and are found by model', async () => {
    const rows = await uploadFiles(server.client, { 'rows.csv': 'a,b\n1,2\n' })
    const job = await explain({ model: 'flights:1', data: treeUri(rows), rows: 50 })
    expect(job.properties).toMatchObject({ 'hagane.explains': 'flights:1' })
    const found = await server.client.call(explanationRoutes.show, { query: { model: 'azureml:flights:1' } })
    expect(found).toMatchObject({ model: 'flights:1', job: job.name })
    await server.client.call(jobRoutes.cancel, { params: { name: job.name } })
  })

  it('are refused for what cannot be explained, with what to do', async () => {
    await expect(explain({ model: 'flights:1' })).rejects.toThrow('lineage knows nothing that flights:1 was trained on')
    await expect(explain({ model: 'blob:1', data: 'azureml:x:1' })).rejects.toThrow(
      'only mlflow_model can be explained',
    )
    await expect(explain({ model: 'nothing:1' })).rejects.toMatchObject({ kind: 'not_found' })
    await expect(explain({})).rejects.toThrow('either model or prediction')
    await expect(explain({ prediction: 'pr-1' })).rejects.toMatchObject({ kind: 'not_found' })
    const unknown = server.client.call(explanationRoutes.show, { query: { model: 'blob:1' } })
    await expect(unknown).rejects.toThrow('no explanation of blob:1')
    await expect(server.client.call(explanationRoutes.show, { query: {} })).rejects.toThrow(
      'either model or prediction',
    )
  })
})
