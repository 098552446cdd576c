import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { gatewayTable } from '@hagane/contract'
import { Gateway } from '@hagane/gateway'
import { pythonWith } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Answered, answerOf, difference } from './scoring-protocols/ask-both.ts'
import { mlflowCases } from './scoring-protocols/mlflow-cases.ts'

const key = 'the-key-of-this-test'
const models = [...new Set(mlflowCases.map(one => one.of))]

let folder = ''
let server: ChildProcess
let gateway: Gateway
let theirs = ''
let ours = ''

/** A folder's models, each an endpoint of its name. */
const tableOf = (python: string) =>
  gatewayTable.parse({
    revision: '1',
    endpoints: models.map((name, at) => ({
      workspace: 'default',
      name,
      auth_mode: 'key',
      key_hashes: [createHash('sha256').update(key).digest('hex')],
      traffic: { blue: 100 },
      deployments: [
        {
          name: 'blue',
          revision_id: `0123456789abcde${at.toString(16)}`,
          runtime: { kind: 'python-mlflow', python, model_dir: join(folder, 'models', name) },
          workers: 1,
          environment_variables: {},
          request_settings: { request_timeout_ms: 60_000, max_queue_wait_ms: 60_000 },
          liveness_probe: {},
          readiness_probe: { initial_delay: 10, period: 10, timeout: 2, failure_threshold: 30 },
        },
      ],
    })),
  })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hagane-scoring-'))
  const python = await pythonWith(['mlflow==3.17.2', 'scikit-learn'])
  const program = join(import.meta.dirname, 'scoring-protocols/mlflow_server.py')
  const env = { ...process.env, PYTHONWARNINGS: 'ignore', MLFLOW_LOGGING_LEVEL: 'ERROR' }
  server = spawn(python, [program, join(folder, 'models')], { stdio: ['ignore', 'pipe', 'inherit'], env })
  if (server.stdout === null) throw new Error('the server has no output')
  const lines = createInterface(server.stdout)
  const port = await new Promise<string>((resolve, reject) => {
    lines.on('line', line => line.startsWith('port ') && resolve(line.slice(5)))
    lines.on('close', () => reject(new Error('MLflow’s server ended')))
  })
  theirs = `http://127.0.0.1:${port}`
  gateway = await Gateway.start({ dir: join(folder, 'gateway'), host: '127.0.0.1', port: 0, maxBody: 2 ** 20 })
  gateway.use(tableOf(python))
  ours = `http://127.0.0.1:${gateway.address.port}/endpoints`
  while (gateway.report().deployments.filter(one => one.state === 'ready').length < models.length) {
    await new Promise(done => setTimeout(done, 50))
  }
}, 240_000)
afterAll(async () => {
  server.kill()
  await gateway.close()
  await rm(folder, { recursive: true, force: true })
})

const authorized = { authorization: `Bearer ${key}` }

it.each(models)('model "%s" answers as MLflow’s scoring server does', { timeout: 120_000 }, async model => {
  const found: string[] = []
  for (const one of mlflowCases.filter(({ of }) => of === model)) {
    const path = 'invocations'
    const headers = { ...(one.headers ?? { 'content-type': 'application/json' }), ...authorized }
    const [their, our] = await Promise.all([
      answerOf(`${theirs}/${model}`, one, path),
      answerOf(`${ours}/${model}`, { ...one, headers }, path),
    ])
    const wrong = difference(one, their, our) ?? shapeOf(our, one.path ?? path, one.method)
    if (wrong !== undefined) found.push(wrong)
  }
  expect(found).toEqual([])
})

/** A failure has MLflow's fields as well; null where it has, or where there is none. */
function shapeOf({ status, text }: Answered, path: string, method = 'POST'): string | undefined {
  if (status < 400 || path !== 'invocations' || method !== 'POST') return undefined
  const { error_code, message, error } = JSON.parse(text)
  return error_code === 'BAD_REQUEST' && message === error.message ? undefined : `no shape of MLflow's: ${text}`
}
