import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { blobRoutes, modelPackageRoutes } from '@hagane/contract'
import { expect, it } from 'vitest'
import { bind, contractServer } from '../testing/contract-server.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { runCli } from '../testing/run-cli.ts'

it.each([
  [['--port', '70000'], '--port must be a whole number from 0 to 65535'],
  [['--workers', '0'], '--workers must be a whole number from 1 to 256'],
  [['--python', 'p', '--env-manager', 'lock'], '--python p is not used with --env-manager lock'],
  [['--data', ''], '--data is empty'],
  [['--host', '0.0.0.0'], 'no key is asked for'],
])('serve %j is a mistake of usage', async (flags, message) => {
  const { code, err } = await runCli(['serve', './model', ...flags])
  expect([code, err]).toEqual([2, expect.stringContaining(message)])
})

const fetched = () => readdirSync(tmpdir()).filter(name => name.startsWith('hagane-serve-model-'))

it('Ctrl-C while the model is fetched leaves nothing of it', async () => {
  const store = new MemoryStore()
  const tree = store.putFiles({ MLmodel: 'm' })
  const model = { id: 'azureml:m:1', name: 'm', version: '1', type: 'mlflow_model', tree, path: '', is_file: false }
  let interrupt = () => {}
  const before = fetched()
  const never = bind(blobRoutes.get, () => {
    interrupt()
    return new Promise<never>(() => {})
  })
  await using server = await contractServer(
    bind(modelPackageRoutes.resolve, () => ({ state: 'ready' as const, model })),
    never,
    ...store.routes,
  )
  const onStart = (act: () => void) => {
    interrupt = act
  }
  const ran = await runCli(['serve', 'models:/m/1'], { env: { HAGANE_URL: server.url }, onStart })
  expect(ran).toMatchObject({ code: 130, out: '' })
  expect(fetched()).toEqual(before)
})
