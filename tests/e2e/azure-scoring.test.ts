import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type GatewayTable, gatewayTable } from '@hagane/contract'
import { Gateway } from '@hagane/gateway'
import { pythonWith } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Answered, answerOf, type Case, difference } from './scoring-protocols/ask-both.ts'
import { azureCases, idCases, rawCases } from './scoring-protocols/azure-cases.ts'

const key = 'the-key-of-this-test'
const packages = ['azureml-inference-server-http==1.5.1', 'gunicorn==27.0.1', 'numpy', 'pandas']
const scripts = [...new Set([...azureCases, ...rawCases].map(one => one.of))]

/** Where the script with the request itself is served: an environment as Hagane builds it, one that has Azure ML's server, bare Python. */
const rawEndpoints = ['raw', 'raw-with-server', 'raw-without-flask']

let folder = ''
let server: ChildProcess
let gateway: Gateway
let ports: Record<string, number> = {}

const theirs = (script: string): string => `http://127.0.0.1:${ports[script]}`
const ours = (endpoint: string): string => `http://127.0.0.1:${gateway.address.port}/endpoints/${endpoint}`

function endpoint(name: string, at: number, python: string, variables: Record<string, string>) {
  const script = name.startsWith('raw') ? 'raw' : name
  const deployment = {
    name: 'blue',
    revision_id: `0123456789abcd${at.toString(16).padStart(2, '0')}`,
    runtime: {
      kind: 'python-score',
      python,
      code_dir: join(folder, 'scripts', script),
      scoring_script: 'score.py',
      model_dir: '/models',
    },
    workers: 1,
    environment_variables: { ...variables, SERVICE_NAME: 'the-service', OWN_VARIABLE: 'é' },
    request_settings: { request_timeout_ms: 60_000, max_queue_wait_ms: 60_000 },
    liveness_probe: {},
    readiness_probe: { initial_delay: 10, period: 10, timeout: 2, failure_threshold: 30 },
  }
  const key_hashes = [createHash('sha256').update(key).digest('hex')]
  return { workspace: 'default', name, auth_mode: 'key', key_hashes, traffic: { blue: 100 }, deployments: [deployment] }
}

/** Hagane leaves Azure ML's server out of the environments that it builds; here it is hidden, so that one environment does. */
async function tableOf(python: string): Promise<GatewayTable> {
  const hidden = join(folder, 'hidden', 'azureml_inference_server_http')
  await mkdir(hidden, { recursive: true })
  await writeFile(join(hidden, '__init__.py'), 'raise ImportError("not in this environment")\n')
  const without = { PYTHONPATH: join(folder, 'hidden') }
  execFileSync('python3', ['-m', 'venv', '--without-pip', join(folder, 'bare')])
  return gatewayTable.parse({
    revision: '1',
    endpoints: [
      ...scripts.map((name, at) =>
        endpoint(name, at, python, { ...without, ...(name === 'slow' ? { SCORING_TIMEOUT_MS: '200' } : {}) }),
      ),
      endpoint('raw-with-server', 100, python, {}),
      endpoint('raw-without-flask', 101, join(folder, 'bare/bin/python'), {}),
    ],
  })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hagane-azure-scoring-'))
  const python = await pythonWith(packages)
  const program = join(import.meta.dirname, 'scoring-protocols/azure_server.py')
  const code = join(folder, 'scripts')
  await cp(join(import.meta.dirname, 'scoring-protocols/azure-scripts'), code, { recursive: true })
  const env = { ...process.env, PYTHONWARNINGS: 'ignore' }
  server = spawn(python, [program, code, folder], { stdio: ['pipe', 'pipe', 'ignore'], env })
  if (server.stdout === null) throw new Error('the server has no output')
  const lines = createInterface(server.stdout)
  const line = await new Promise<string>((resolve, reject) => {
    lines.on('line', resolve)
    lines.on('close', () => reject(new Error('Azure ML’s server ended')))
  })
  ports = JSON.parse(line)
  gateway = await Gateway.start({ dir: join(folder, 'gateway'), host: '127.0.0.1', port: 0, maxBody: 2 ** 23 })
  const table = await tableOf(python)
  gateway.use(table)
  while (gateway.report().deployments.filter(one => one.state === 'ready').length < table.endpoints.length) {
    const failed = gateway.report().deployments.find(one => one.message !== undefined)
    if (failed !== undefined) throw new Error(JSON.stringify(failed))
    await new Promise(done => setTimeout(done, 50))
  }
}, 240_000)
afterAll(async () => {
  const ended = new Promise(done => server.once('exit', done))
  server.stdin?.end()
  await ended
  await gateway.close()
  await rm(folder, { recursive: true, force: true })
})

const told = ['content-type', 'x-ms-run-function-failed', 'x-own', 'location', 'allow', 'retry-after', 'set-cookie']
const hasDuration = ({ headers }: Answered): boolean => /^\d+\.\d{3}$/.test(headers.get('x-ms-run-fn-exec-ms') ?? '')

/** Text, status and headers of an answer that the script gave; the status, and a message, of one that the server gave. */
function sameAnswer(theirs: Answered, ours: Answered): boolean {
  if (theirs.status !== ours.status) return false
  if (hasDuration(theirs) !== hasDuration(ours)) return false
  if (!hasDuration(theirs))
    return theirs.status < 400 ? theirs.text === ours.text : isFailure(theirs) === isFailure(ours)
  return theirs.text === ours.text && told.every(name => theirs.headers.get(name) === ours.headers.get(name))
}

const isFailure = ({ text }: Answered): boolean =>
  text === '' || typeof (JSON.parse(text) as { message?: unknown }).message === 'string'

async function compared(cases: Case[], endpointName: string): Promise<string[]> {
  const found: string[] = []
  for (const one of cases) {
    const headers = { ...(one.headers ?? {}), authorization: `Bearer ${key}` }
    const [their, our] = await Promise.all([
      answerOf(theirs(one.of), one, 'score'),
      answerOf(ours(endpointName), { ...one, headers }, 'score'),
    ])
    const wrong = difference(one, their, our, sameAnswer)
    if (wrong !== undefined) found.push(wrong)
  }
  return found
}

it.each(scripts.filter(one => one !== 'raw'))(
  'script "%s" is answered as Azure ML’s inference server does',
  { timeout: 120_000 },
  async script => {
    expect(
      await compared(
        azureCases.filter(({ of }) => of === script),
        script,
      ),
    ).toEqual([])
  },
)

it.each(rawEndpoints)('a script with the request itself, at "%s"', { timeout: 120_000 }, async name => {
  expect(await compared(rawCases, name)).toEqual([])
})

it('ids of a request come back as they do from Azure ML’s server', async () => {
  const names = ['x-ms-request-id', 'x-ms-client-request-id', 'x-request-id', 'traceid']
  for (const one of idCases) {
    const headers = { ...one.headers, authorization: `Bearer ${key}` }
    const [their, our] = await Promise.all([
      answerOf(theirs(one.of), one, 'score'),
      answerOf(ours(one.of), { ...one, headers }, 'score'),
    ])
    const sent = names.filter(name => Object.values(one.headers ?? {}).includes(their.headers.get(name) ?? ''))
    const shown = ({ headers: of }: Answered) => names.map(name => (sent.includes(name) ? of.get(name) : of.has(name)))
    expect(shown(our), JSON.stringify(one.headers)).toEqual(shown(their))
  }
})

it('what a script prints and logs is in the log of its deployment', async () => {
  const asked: Case = { of: 'plain', body: 'log', headers: { authorization: `Bearer ${key}` } }
  expect((await answerOf(ours('plain'), asked, 'score')).text).toBe('{}')
  const revision = gateway.report().deployments.find(one => one.endpoint === 'plain')?.revision_id
  const text = await readFile(join(folder, 'gateway/logs', `${revision}.log`), 'utf8')
  for (const line of [
    'init was called',
    'printed é',
    'azmlinfsrv - told to the logger of the server',
    'a warning of the root logger',
    'printed to stderr',
    'ValueError: the text of the error',
  ]) {
    expect(text).toContain(line)
  }
})

interface Swagger {
  info: { title: string }
  paths: Record<string, { post?: { operationId: string; parameters?: unknown } }>
  definitions?: Record<string, unknown>
  components?: { schemas: Record<string, unknown> }
}

it.each(['plain', 'named', 'nested'])('the swagger of "%s" has the schemas that Azure ML’s server tells', async of => {
  for (const version of ['', '?version=2', '?version=2.0', '?version=3', '?version=3.0', '?version=3.1']) {
    const asked: Case = {
      of,
      path: `swagger.json${version}`,
      method: 'GET',
      headers: { authorization: `Bearer ${key}` },
    }
    const [their, our] = await Promise.all([answerOf(theirs(of), asked, ''), answerOf(ours(of), asked, '')])
    const [wanted, found] = [their, our].map(({ text }) => JSON.parse(text) as Swagger)
    const schemas = (one: Swagger | undefined) => one?.definitions ?? one?.components?.schemas ?? {}
    for (const name of ['ServiceInput', 'ServiceOutput']) expect(schemas(found)[name]).toEqual(schemas(wanted)[name])
    expect(schemas(found).ErrorResponse).toMatchObject(schemas(wanted).ErrorResponse as object)
    for (const key of ['swagger', 'openapi']) {
      expect((found as unknown as Record<string, unknown>)[key]).toBe(
        (wanted as unknown as Record<string, unknown>)[key],
      )
    }
    expect(found?.paths['/score']?.post?.operationId).toBe(wanted?.paths['/score']?.post?.operationId)
  }
})

it('a swagger document beside the script is the one that is told', async () => {
  const asked: Case = {
    of: 'own-swagger',
    path: 'swagger.json',
    method: 'GET',
    headers: { authorization: `Bearer ${key}` },
  }
  const [their, our] = await Promise.all([answerOf(theirs(asked.of), asked, ''), answerOf(ours(asked.of), asked, '')])
  expect(JSON.parse(our.text)).toEqual(JSON.parse(their.text))
})
