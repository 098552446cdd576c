import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { buildTestApp, pythonWith, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

const run = promisify(execFile)
const cli = resolve(import.meta.dirname, '../../packages/cli/bin/hagane.js')
const packages = ['mlflow==3.17.2', 'scikit-learn']
const train = `
import json, mlflow, numpy as np, pandas as pd
from mlflow.models import infer_signature
from sklearn.ensemble import GradientBoostingRegressor
rng = np.random.default_rng(7)
frame = pd.DataFrame(rng.random((200, 3)), columns=["a", "b", "c"])
model = GradientBoostingRegressor(n_estimators=20, random_state=0).fit(frame, frame.sum(axis=1) ** 2)
mlflow.sklearn.save_model(model, "model", serialization_format="cloudpickle",
    signature=infer_signature(frame, model.predict(frame)), pip_requirements=${JSON.stringify(packages)})
json.dump({"dataframe_split": {"columns": ["a", "b", "c"], "data": rng.random((50, 3)).tolist()}}, open("request.json", "w"))
`

let server: TestApp
let folder = ''
const started: ChildProcess[] = []
beforeAll(async () => {
  const python = await pythonWith(packages)
  server = await buildTestApp()
  folder = await mkdtemp(join(tmpdir(), 'hagane-package-'))
  await writeFile(join(folder, 'train.py'), train)
  await run(python, ['train.py'], { cwd: folder })
})
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL')
  const gateway = JSON.parse(await readFile(join(server.dir, 'gateway/gateway.json'), 'utf8').catch(() => '{}'))
  if (typeof gateway.pid === 'number') process.kill(gateway.pid, 'SIGTERM')
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true, maxRetries: 10 })
})

const hagane = async (...args: string[]): Promise<string> =>
  (await run(process.execPath, [cli, ...args], { cwd: folder, env: { ...process.env, HAGANE_URL: server.url } })).stdout

/** Starts a program that serves and answers the address that it prints. */
async function serving(command: string, args: string[]): Promise<{ url: string; end(): Promise<void> }> {
  const env = { ...process.env, HAGANE_URL: server.url, NODE: process.execPath }
  const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  started.push(child)
  const ended = once(child, 'close')
  const url = await new Promise<string>((done, fail) => {
    const lines: string[] = []
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', line => {
        lines.push(line)
        const found = /is served at (\S+) by/.exec(line)?.[1]
        if (found !== undefined) done(found)
      })
    void ended.then(() => fail(new Error(lines.join('\n'))))
  })
  const end = async (): Promise<void> => {
    child.kill('SIGINT')
    expect(await ended).toEqual([0, null])
  }
  return { url, end }
}

it('a package, and hagane serve of the registered model, answer bit for bit as the endpoint does', async () => {
  await hagane('model', 'create', '-n', 'sums', '--type', 'mlflow_model', '--path', 'model')
  await writeFile(join(folder, 'endpoint.yml'), 'name: sums\nauth_mode: key\n')
  await writeFile(join(folder, 'blue.yml'), 'name: blue\nendpoint_name: sums\nmodel: azureml:sums:1\n')
  await hagane('online-endpoint', 'create', '-f', 'endpoint.yml')
  const deployed = JSON.parse(
    await hagane('online-deployment', 'create', '-f', 'blue.yml', '--all-traffic', '-o', 'json'),
  )
  const invoke = ['online-endpoint', 'invoke', '-n', 'sums', '--request-file', 'request.json', '-o', 'json']
  const predictions = JSON.parse(await hagane(...invoke))
  expect(predictions).toHaveLength(50)

  const packaged = JSON.parse(
    await hagane('model', 'package', '-n', 'sums', '-v', '1', '--output-path', 'p', '-o', 'json'),
  )
  expect(packaged.environment.lock_digest).toBe(deployed.revision.environment.lock_digest)
  expect(packaged.model).toMatchObject({ id: 'azureml:sums:1', type: 'mlflow_model' })
  const request = await readFile(join(folder, 'request.json'), 'utf8')
  const ask = async (url: string): Promise<unknown> =>
    (
      await fetch(`${url}/score`, { method: 'POST', body: request, headers: { 'content-type': 'application/json' } })
    ).json()

  const elsewhere = await serving(join(folder, 'p/serve.sh'), ['--port', '0'])
  expect(await ask(elsewhere.url)).toEqual(predictions)
  await elsewhere.end()
  const here = await serving(process.execPath, [cli, 'serve', 'models:/sums/1', '--port', '0'])
  expect(await ask(here.url)).toEqual(predictions)
  await here.end()
  await expect(hagane('model', 'package', '-n', 'sums', '--output-path', 'p')).rejects.toThrow('is not empty')
})
