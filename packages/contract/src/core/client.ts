import { type ErrorBody, errorBody, HaganeError } from './errors.ts'
import type { BodyIn, ParamsIn, QueryIn, ResponseOf, RouteDeclaration, StreamBody } from './route.ts'

type CallInput<R extends RouteDeclaration> = (ParamsIn<R> extends undefined
  ? { params?: undefined }
  : { params: ParamsIn<R> }) &
  (QueryIn<R> extends undefined ? { query?: undefined } : { query?: QueryIn<R> }) &
  (BodyIn<R> extends undefined ? { body?: undefined } : { body: BodyIn<R> }) & {
    headers?: Record<string, string>
    signal?: AbortSignal
  }

/** What a client needs of an answer; the platform's `Response` has it all. */
export interface Answer {
  readonly ok: boolean
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: ReadableStream<Uint8Array> | null
  text(): Promise<string>
  json(): Promise<unknown>
  arrayBuffer(): Promise<ArrayBuffer>
}

/** What a client asks, in the words of `fetch`. */
export interface Question {
  method: string
  headers: Record<string, string>
  body?: string | StreamBody
  duplex?: 'half'
  signal?: AbortSignal
}

export interface ClientOptions {
  /** Server address, e.g. http://127.0.0.1:7700 */
  url: string
  workspace?: string
  token?: string
  /** Who is calling; believed only by a server that asks for no credentials. */
  actor?: string
  /** Carries a request; the platform's `fetch` when absent. */
  fetch?: (url: string, question: Question) => Promise<Answer>
}

/** The typed client: `client.call(dataRoutes.show, { params: { name, version } })`. Errors arrive as HaganeError. */
export interface Client {
  readonly url: string
  call<R extends RouteDeclaration>(
    declaration: R,
    ...input: CallInput<R> extends { params?: undefined; body?: undefined } ? [CallInput<R>?] : [CallInput<R>]
  ): Promise<ResponseOf<R>>
  /** For `response: 'stream'` and `body: 'stream'` routes: the raw answer, already checked for errors. */
  raw<R extends RouteDeclaration>(declaration: R, input: CallInput<R>): Promise<Answer>
}

/**
 * Fills `:name` parts; values are percent-encoded, a trailing `*` part keeps its slashes. Throws invalid on a value that would
 * make it the address of something else.
 */
export function pathOf(declaration: RouteDeclaration, params: Record<string, unknown> = {}): string {
  return declaration.path.replace(/:(\w+)|\*/g, (part, name?: string) => {
    const value = String(params[name ?? 'path'] ?? '')
    if (part !== '*' && ['', '.', '..'].includes(value))
      throw new HaganeError('invalid', `${name}: '${value}' names nothing`, {
        details: [{ property: name ?? 'path', message: 'names nothing', sent: value }],
      })
    return part === '*' ? value.split('/').map(encodeURIComponent).join('/') : encodeURIComponent(value)
  })
}

const queryText = (query: Record<string, unknown> | undefined): string => {
  const entries = Object.entries(query ?? {}).flatMap(([key, value]) =>
    value === undefined || value === null
      ? []
      : (Array.isArray(value) ? value : [value]).map(item => [key, String(item)] as [string, string]),
  )
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries)}`
}

async function failureOf(response: Answer, url: string): Promise<HaganeError> {
  const text = await response.text()
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    parsed = undefined
  }
  const known = errorBody.safeParse(parsed)
  if (known.success) return HaganeError.fromBody(known.data as ErrorBody)
  return new HaganeError('internal', `${url} answered ${response.status}: ${text.slice(0, 300)}`)
}

export function createClient(options: ClientOptions): Client {
  const doFetch: NonNullable<ClientOptions['fetch']> =
    options.fetch ?? ((url, question) => fetch(url, question as RequestInit))
  const base =
    options.url.replace(/\/+$/, '') +
    (options.workspace === undefined ? '' : `/ws/${encodeURIComponent(options.workspace)}`)
  const raw = async (
    declaration: RouteDeclaration,
    input: {
      params?: unknown
      query?: unknown
      body?: unknown
      headers?: Record<string, string>
      signal?: AbortSignal
    } = {},
  ) => {
    const url =
      base +
      pathOf(declaration, input.params as Record<string, unknown>) +
      queryText(input.query as Record<string, unknown>)
    const streaming = declaration.body === 'stream'
    const headers: Record<string, string> = { ...input.headers }
    if (options.token !== undefined) headers.authorization = `Bearer ${options.token}`
    if (options.actor !== undefined) headers['x-hagane-actor'] = encodeURIComponent(options.actor)
    if (input.body !== undefined && !streaming) headers['content-type'] = 'application/json'
    else if (streaming) headers['content-type'] ??= 'application/octet-stream'
    const init: Question = { method: declaration.method, headers }
    if (input.body !== undefined) init.body = streaming ? (input.body as StreamBody) : JSON.stringify(input.body)
    if (streaming) init.duplex = 'half'
    if (input.signal !== undefined) init.signal = input.signal
    const response = await doFetch(url, init).catch((cause: unknown) => {
      if (input.signal?.aborted) throw cause
      throw new HaganeError('unavailable', `no answer from ${options.url}`, {
        hint: 'start a server with `hagane up`, or set HAGANE_URL to the address of yours',
        cause,
      })
    })
    if (!response.ok) throw await failureOf(response, url)
    return response
  }
  return {
    url: options.url,
    raw: raw as Client['raw'],
    async call(declaration: RouteDeclaration, input?: object) {
      const response = await raw(declaration, input)
      return (response.status === 204 ? undefined : await response.json()) as never
    },
  }
}
