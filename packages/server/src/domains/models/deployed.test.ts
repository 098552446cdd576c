import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endpointRoutes, gatewayFile, modelRoutes, treeUri } from '@hagane/contract'
import { buildTestApp, MlflowApi } from '@hagane/testkit'
import { afterAll, expect, it } from 'vitest'
import { openFileStore } from '../../kernel/blobs/index.ts'

const dir = mkdtempSync(join(tmpdir(), 'hagane-deployed-'))
// the gateway outlives the server that started it
afterAll(() => {
  const { pid } = gatewayFile.parse(JSON.parse(readFileSync(join(dir, 'gateway', 'gateway.json'), 'utf8')))
  process.kill(pid, 'SIGKILL')
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
})

it('a model that is deployed cannot be deleted, by version or whole, and can be once it is not', async () => {
  await using app = await buildTestApp({ dir })
  const blobs = openFileStore(app.dir)
  const { digest } = await blobs.putTree([{ path: 'model.bin', ...(await blobs.put(Buffer.from('m'))) }])
  const path = treeUri(digest, '')
  await app.client.call(modelRoutes.create, { body: { name: 'flights', type: 'custom_model', path } })
  await app.client.call(modelRoutes.create, { body: { name: 'flights', type: 'custom_model', path } })
  await app.client.call(endpointRoutes.create, { body: { name: 'delays' } })
  const params = { name: 'delays', deployment: 'blue' }
  await app.client.call(endpointRoutes.createDeployment, { params, body: { model: 'azureml:flights:1' } })

  const mlflow = new MlflowApi(app.url)
  const remove = (what: string, body: object) => mlflow.request('DELETE', `/api/2.0/mlflow/${what}/delete`, body)
  const refused = [
    await remove('model-versions', { name: 'flights', version: '1' }),
    await remove('registered-models', { name: 'flights' }),
  ]
  expect(refused.map(answer => [answer.status, String(answer.body.message)])).toEqual([
    [409, expect.stringContaining('model flights:1 is deployed at delays/blue')],
    [409, expect.stringContaining('model flights is deployed at delays/blue')],
  ])
  expect((await remove('model-versions', { name: 'flights', version: '2' })).status).toBe(200)
  await app.client.call(endpointRoutes.deleteDeployment, { params })
  expect((await remove('registered-models', { name: 'flights' })).status).toBe(200)
}, 60_000)
