/** An answer of MLflow's REST API; `body` is parsed where it is JSON. */
export interface MlflowAnswer {
  readonly status: number
  readonly body: MlflowJson
  readonly headers: Headers
  readonly bytes: Buffer
}

/** JSON of an answer, read by path: `at(answer.body, 'run.info.run_id')`. */
export type MlflowJson = Record<string, unknown>

type Input = Record<string, unknown>

/** The value at a dotted path; list items by number. */
export const at = (body: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], body)

/** Calls a server as MLflow's clients do, without a client. */
export class MlflowApi {
  private readonly base: string

  /** `url` may end in `/ws/<workspace>`. */
  constructor(url: string) {
    this.base = url
  }

  async request(
    method: string,
    path: string,
    payload?: unknown,
    headers: Record<string, string> = {},
  ): Promise<MlflowAnswer> {
    const isBytes = payload instanceof Uint8Array
    const json = payload !== undefined && !isBytes
    const answer = await fetch(this.base + path, {
      method,
      headers: { ...(json ? { 'content-type': 'application/json' } : {}), ...headers },
      ...(payload === undefined ? {} : { body: isBytes ? Buffer.from(payload) : JSON.stringify(payload) }),
    })
    const bytes = Buffer.from(await answer.arrayBuffer())
    const isJson = answer.headers.get('content-type')?.includes('json') ?? false
    const body = isJson ? (JSON.parse(bytes.toString('utf8')) as MlflowJson) : {}
    return { status: answer.status, body, headers: answer.headers, bytes }
  }

  /** A call below /api/2.0/mlflow: input as query for GET, as JSON body otherwise. */
  call(method: string, path: string, input: Input = {}): Promise<MlflowAnswer> {
    if (method !== 'GET') return this.request(method, `/api/2.0/mlflow/${path}`, input)
    const query = Object.entries(input).flatMap(([key, value]) => [value].flat().map(one => [key, String(one)]))
    return this.request('GET', `/api/2.0/mlflow/${path}?${new URLSearchParams(query as [string, string][])}`)
  }

  /** A call that has to succeed; the message it answers. */
  async ok(method: string, path: string, input: Input = {}): Promise<MlflowJson> {
    const answer = await this.call(method, path, input)
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  get = (path: string, input: Input = {}): Promise<MlflowJson> => this.ok('GET', path, input)
  post = (path: string, input: Input = {}): Promise<MlflowJson> => this.ok('POST', path, input)

  /** Status, code and message of a call that has to fail. */
  async refused(
    method: string,
    path: string,
    input: Input = {},
  ): Promise<{ status: number; code: unknown; message: string }> {
    const { status, body } = await this.call(method, path, input)
    return { status, code: body.error_code, message: String(body.message) }
  }

  /** A new run's id. */
  async run(input: Input = {}): Promise<string> {
    return String(at(await this.post('runs/create', { experiment_id: '0', ...input }), 'run.info.run_id'))
  }

  /** Stores an artifact by its path in the artifact space. */
  put(path: string, content: string | Buffer, type = 'application/octet-stream'): Promise<MlflowAnswer> {
    return this.request('PUT', artifactPath(path), Buffer.from(content), { 'content-type': type })
  }

  fetch(path: string, headers: Record<string, string> = {}): Promise<MlflowAnswer> {
    return this.request('GET', artifactPath(path), undefined, headers)
  }
}

const artifactPath = (path: string): string =>
  `/api/2.0/mlflow-artifacts/artifacts/${path.split('/').map(encodeURIComponent).join('/')}`
