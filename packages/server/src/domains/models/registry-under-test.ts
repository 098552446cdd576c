import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HaganeError, parseReference } from '@hagane/contract'
import type { FastifyInstance } from 'fastify'
import { openFileStore } from '../../kernel/blobs/index.ts'
import type { Database } from '../../kernel/db/index.ts'
import { eventsAfter } from '../../kernel/events/index.ts'
import { buildHttp } from '../../kernel/http/index.ts'
import { buildLog } from '../../kernel/log.ts'
import { buildTracking, type Tracking } from '../tracking/index.ts'
import { buildModels, type Models } from './index.ts'

type Json = Record<string, unknown>
export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: answers are read by path in tests
  body: any
  headers: Record<string, unknown>
  raw: Buffer
}

/** Tracking and the registry on a database of a test, called as MLflow's clients call them. */
export class RegistryUnderTest {
  readonly tracking: Tracking
  readonly models: Models
  readonly blobs: ReturnType<typeof openFileStore>
  private readonly app: FastifyInstance
  private readonly db: Database
  private readonly dir: string

  constructor(db: Database, dir: string) {
    const log = buildLog('silent')
    this.db = db
    this.dir = dir
    this.blobs = openFileStore(dir)
    this.tracking = buildTracking({ db, blobs: this.blobs, log })
    this.models = buildModels({ db, blobs: this.blobs, log, tracking: this.tracking, content: this.contentOf })
    this.app = buildHttp([...this.tracking.routes, ...this.models.routes], {
      db,
      log,
      authenticate: async ({ headers }) => ({ actor: String(headers['x-actor'] ?? 'local:tester'), can: () => true }),
      bodyLimit: 16 * 2 ** 20,
      allowedHosts: ['*'],
    })
  }

  static async start(db: Database): Promise<RegistryUnderTest> {
    return new RegistryUnderTest(db, await mkdtemp(join(tmpdir(), 'hagane-registry-')))
  }

  async end(): Promise<void> {
    await this.app.close()
    await this.tracking.stop()
    await rm(this.dir, { recursive: true, force: true })
  }

  /** The trees and runs that the data domain would resolve. */
  private readonly contentOf = async (workspace: string, uri: string): Promise<{ tree: string; path: string }> => {
    const reference = parseReference(uri)
    if (reference.form === 'tree') return { tree: reference.digest, path: reference.path }
    if (reference.form === 'run') return this.tracking.artifactTree(workspace, reference.runId, reference.path)
    throw new HaganeError('invalid', `no content at ${uri}`)
  }

  async request(method: string, url: string, payload?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const json = payload !== undefined && !Buffer.isBuffer(payload)
    const answer = await this.app.inject({
      method: method as 'GET',
      url,
      headers: { ...(json ? { 'content-type': 'application/json' } : {}), ...headers },
      ...(payload === undefined ? {} : { payload: json ? JSON.stringify(payload) : (payload as Buffer) }),
    })
    const text = answer.headers['content-type']?.toString().includes('json') ?? false
    const { statusCode: status, rawPayload: raw } = answer
    return { status, body: text ? JSON.parse(answer.payload) : answer.payload, headers: answer.headers, raw }
  }

  /** An MLflow call below /api/2.0/mlflow that must succeed. */
  async ok(method: string, path: string, input: Json = {}, workspace?: string): Promise<Answer['body']> {
    const answer = await this.mlflow(method, path, input, workspace)
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  async mlflow(method: string, path: string, input: Json = {}, workspace?: string): Promise<Answer> {
    const base = `${workspace === undefined ? '' : `/ws/${workspace}`}/api/2.0/mlflow/${path}`
    if (method !== 'GET') return this.request(method, base, input)
    const query = Object.entries(input).flatMap(([key, value]) => [value].flat().map(one => [key, String(one)]))
    return this.request('GET', `${base}?${new URLSearchParams(query as [string, string][])}`)
  }

  async run(input: Json = {}): Promise<string> {
    return (await this.ok('POST', 'runs/create', { experiment_id: '0', ...input })).run.info.run_id
  }

  put(path: string, content: string | Buffer, type = 'application/octet-stream'): Promise<Answer> {
    const url = `/api/2.0/mlflow-artifacts/artifacts/${path.split('/').map(encodeURIComponent).join('/')}`
    return this.request('PUT', url, Buffer.from(content), { 'content-type': type })
  }

  /** Types and data of the events of a subject, oldest first; `prefix*` for several. */
  async events(subject: string): Promise<{ type: string; data: Json }[]> {
    const rows = await eventsAfter(this.db, 0, 10_000, { subject })
    return rows.map(row => ({ type: row.type.replace('dev.hagane.', ''), data: JSON.parse(row.data) as Json }))
  }
}
