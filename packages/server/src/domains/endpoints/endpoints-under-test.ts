import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type Client,
  createClient,
  endpointRoutes,
  HaganeError,
  type OnlineDeployment,
  treeUri,
} from '@hagane/contract'
import { type BlobStore, openFileStore } from '../../kernel/blobs/index.ts'
import type { Database } from '../../kernel/db/index.ts'
import { eventsAfter } from '../../kernel/events/index.ts'
import { buildHttp } from '../../kernel/http/index.ts'
import { buildLog } from '../../kernel/log.ts'
import { openSecrets } from '../../kernel/secrets.ts'
import { buildTasks, releaseLeases } from '../../kernel/tasks/index.ts'
import { buildEndpoints, type Endpoints, type EnvironmentSource, type ModelSource } from './index.ts'

const lookMs = 20

/** A script that answers a Python expression, and what lies in its model folder. */
export const script = (answer: string): string => `
import os
def init():
    global seen
    seen = sorted(os.listdir(os.environ["AZUREML_MODEL_DIR"])) if "AZUREML_MODEL_DIR" in os.environ else None
def run(raw_data):
    return {"answer": ${answer}, "model": seen}
`

/** A server of its own making, which answers the route it was asked at and what lies in its model folder. */
export const server = `
import json, os
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"answer": self.path, "model": os.listdir(os.environ["MODEL_BASE_PATH"])}).encode())
    do_POST = do_GET
HTTPServer(("127.0.0.1", int(os.environ["PORT_8501"])), Handler).serve_forever()
`

export const until = async (condition: () => Promise<boolean>): Promise<void> => {
  while (!(await condition())) await pause(lookMs)
}

const treeOf = async (blobs: BlobStore, files: Record<string, string | Uint8Array>): Promise<string> => {
  const entries = Object.entries(files).map(async ([path, text]) => ({ path, ...(await blobs.put(Buffer.from(text))) }))
  return (await blobs.putTree(await Promise.all(entries))).digest
}

/** What stands in for the models domain: `azureml:weights:3` and nothing else. */
const modelsIn = (blobs: BlobStore): ModelSource => ({
  async resolve(_, reference) {
    if (reference !== 'azureml:weights:3') throw new HaganeError('not_found', `no model ${reference}`)
    const tree = await treeOf(blobs, { 'artifacts/weights/w.bin': 'w' })
    const known = { id: reference, name: 'weights', version: '3', type: 'custom_model', runId: 'r1' }
    return { ...known, tree, path: 'artifacts/weights' }
  },
})

/** What stands in for the environments domain: plain Python, `azureml:broken:1`, and one whose first build never ends. */
const environmentsOf = (onSlowBuild: () => boolean): EnvironmentSource => ({
  plan: async (_, environment) => {
    if (typeof environment === 'string') return { id: environment }
    const inferenceConfig = environment?.inference_config
    return inferenceConfig === undefined ? {} : { inferenceConfig }
  },
  async ensureBuilt(_, environment, { signal }) {
    if (environment === 'azureml:broken:1') throw new HaganeError('invalid', 'no package named nope')
    if (environment === 'azureml:slow:1' && onSlowBuild())
      await new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()
    return { python, lockDigest: 'e'.repeat(64) }
  },
  readLock: async digest => ({ python: '3.11.7', text: `# a lock of ${digest}\n` }),
})

/** A server of this domain alone, over HTTP, with the real gateway and real workers. */
export class EndpointsUnderTest {
  readonly #db: Database
  readonly dir: string
  readonly #blobs: BlobStore
  url = ''
  /** Tokens of people that the access domain would name. */
  callers: { sha256: string; expires_at: string | null }[] = []
  /** How often the slow environment was asked for. */
  slowBuilds = 0
  endpoints!: Endpoints
  #stopServer!: () => Promise<void>

  static async start(db: Database): Promise<EndpointsUnderTest> {
    const server = new EndpointsUnderTest(db, await mkdtemp(join(tmpdir(), 'hagane-endpoints-')))
    await server.serve()
    return server
  }

  private constructor(db: Database, dir: string) {
    this.#db = db
    this.dir = dir
    this.#blobs = openFileStore(dir)
  }

  get client(): Client {
    return createClient({ url: this.url, actor: 'tester' })
  }

  /** Starts another server on the same folder and database, on a new port. */
  async serve(): Promise<void> {
    const [db, blobs, log] = [this.#db, this.#blobs, buildLog('silent')]
    const tasks = buildTasks(db, log, 'test')
    const endpoints = buildEndpoints({
      db,
      blobs,
      tasks,
      secrets: openSecrets(this.dir),
      log,
      config: { dataDir: this.dir, host: '127.0.0.1', gateway_port: 0 },
      models: modelsIn(blobs),
      environments: environmentsOf(() => ++this.slowBuilds === 1),
      collected: async () => undefined,
      checkDatastore: async () => undefined,
      url: () => this.url,
      gatewayToken: async () => undefined,
      callers: async () => this.callers,
      findHolder: async () => undefined,
    })
    const http = buildHttp(endpoints.routes, {
      db,
      log,
      authenticate: async ({ headers }) => ({ actor: String(headers['x-hagane-actor'] ?? ''), can: () => true }),
      bodyLimit: 2 ** 20,
      allowedHosts: [],
    })
    await releaseLeases(db, 'test')
    this.url = await http.listen({ host: '127.0.0.1', port: 0 })
    tasks.start()
    await endpoints.start()
    this.endpoints = endpoints
    this.#stopServer = async () => {
      await endpoints.stop()
      await http.close()
      await tasks.stop()
    }
  }

  /** Stops the server; the gateway goes on. */
  stopServer(): Promise<void> {
    return this.#stopServer()
  }

  async end(): Promise<void> {
    await this.endpoints.endGateway()
    await this.stopServer()
    await rm(this.dir, { recursive: true, force: true })
  }

  async codeOf(text: string): Promise<{ code: string; scoring_script: string }> {
    const tree = await treeOf(this.#blobs, { 'src/score.py': text })
    return { code: treeUri(tree, 'src'), scoring_script: 'score.py' }
  }

  /** A model folder that is uploaded with its deployment. */
  async modelOf(files: Record<string, string | Uint8Array>): Promise<{ path: string }> {
    const named = Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`model/${path}`, bytes]))
    return { path: treeUri(await treeOf(this.#blobs, named), 'model') }
  }

  /** Creates or replaces a deployment and waits until it is decided. */
  async deploy(name: string, deployment: string, body: object, all_traffic = false): Promise<OnlineDeployment> {
    const params = { name, deployment }
    const query = { all_traffic: String(all_traffic) }
    let found = await this.client.call(endpointRoutes.createDeployment, { params, query, body })
    while (!['Succeeded', 'Failed'].includes(found.provisioning_state)) {
      await pause(lookMs)
      found = await this.client.call(endpointRoutes.showDeployment, { params })
    }
    return found
  }

  async score(name: string, headers: Record<string, string> = {}) {
    const { scoring_uri } = await this.client.call(endpointRoutes.show, { params: { name } })
    const { primaryKey } = await this.client.call(endpointRoutes.credentials, { params: { name } })
    const sent = { authorization: `Bearer ${primaryKey}`, 'content-type': 'application/json', ...headers }
    const answer = await fetch(scoring_uri, { method: 'POST', body: '{}', headers: sent })
    const body = (await answer.json()) as { answer?: unknown; model?: string[] }
    return { status: answer.status, id: answer.headers.get('x-hagane-prediction-id') ?? '', body }
  }

  /** Callers that keep asking until told to stop; requests whose connection breaks are asked again. */
  async load(name: string, callers: number) {
    const { scoring_uri } = await this.client.call(endpointRoutes.show, { params: { name } })
    const { primaryKey } = await this.client.call(endpointRoutes.credentials, { params: { name } })
    const headers = { authorization: `Bearer ${primaryKey}`, 'content-type': 'application/json' }
    const answered: { status: number; id: string }[] = []
    let running = true
    const loops = Array.from({ length: callers }, async () => {
      while (running) {
        const answer = await fetch(scoring_uri, { method: 'POST', body: '{}', headers }).catch(() => undefined)
        if (answer === undefined) await pause(lookMs)
        else if ((await answer.text().catch(() => undefined)) !== undefined)
          answered.push({ status: answer.status, id: answer.headers.get('x-hagane-prediction-id') ?? '' })
      }
    })
    return {
      answered,
      stop: async (): Promise<void> => {
        running = false
        await Promise.all(loops)
      },
    }
  }

  /** The events of a subject, oldest first, types without their prefix. */
  async events(subject: string): Promise<{ type: string; data: Record<string, unknown> }[]> {
    const events = await eventsAfter(this.#db, 0, 10_000, { subject })
    return events.map(event => ({
      type: event.type.replace('dev.hagane.endpoint.', ''),
      data: JSON.parse(event.data),
    }))
  }
}
