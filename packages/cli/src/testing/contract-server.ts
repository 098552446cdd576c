import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import {
  type BodyOf,
  errorKinds,
  HaganeError,
  type ParamsOf,
  parseOrThrow,
  type QueryOf,
  type ResponseOf,
  type RouteDeclaration,
} from '@hagane/contract'

/** A request as a handler sees it: checked and typed by the route's declaration. */
export interface Asked<R extends RouteDeclaration> {
  readonly params: ParamsOf<R>
  readonly query: QueryOf<R>
  readonly body: BodyOf<R>
  readonly bytes: Buffer
  readonly request: IncomingMessage
  readonly workspace: string
}

type Answer<R extends RouteDeclaration> = R['response'] extends 'stream' ? string | Uint8Array : ResponseOf<R>

export interface Bound {
  readonly declaration: RouteDeclaration
  handle(asked: Asked<RouteDeclaration>, response: ServerResponse): Promise<unknown>
}

/** Binds a handler to a route of the contract; both request and answer are checked against it. */
export const bind = <R extends RouteDeclaration>(
  declaration: R,
  handle: (asked: Asked<R>, response: ServerResponse) => Answer<R> | Promise<Answer<R>>,
): Bound => ({ declaration, handle: async (asked, response) => handle(asked as never, response) })

export interface ContractServer extends AsyncDisposable {
  readonly url: string
  /** `METHOD path` of each request so far. */
  readonly requests: readonly string[]
}

/** A real HTTP server on a free port that answers some routes by the contract. */
export async function contractServer(...routes: readonly Bound[]): Promise<ContractServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    answer(routes, request, response).catch((error: unknown) => fail(response, error))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

async function answer(routes: readonly Bound[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const [, workspace = 'default', path = ''] = /^(?:\/ws\/([^/]+))?(\/.*)$/.exec(url.pathname) ?? []
  for (const { declaration, handle } of routes) {
    const match = request.method === declaration.method ? patternOf(declaration.path).exec(path) : null
    if (match === null) continue
    const bytes = await buffer(request)
    const raw = Object.fromEntries(Object.entries(match.groups ?? {}).map(([k, v]) => [k, decodeURIComponent(v)]))
    const asked = {
      params: declaration.params === undefined ? raw : parseOrThrow(declaration.params, raw, 'path'),
      query: queryOf(declaration, url),
      body: bodyOf(declaration, bytes),
      bytes,
      request,
      workspace,
    }
    return send(response, declaration, await handle(asked as never, response))
  }
  throw new HaganeError('not_found', `nothing answers ${request.method} ${path}`)
}

const patternOf = (path: string) => new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`)

function queryOf(declaration: RouteDeclaration, url: URL): unknown {
  const raw = Object.fromEntries(url.searchParams)
  return declaration.query === undefined ? {} : parseOrThrow(declaration.query, raw, 'query')
}

function bodyOf(declaration: RouteDeclaration, bytes: Buffer): unknown {
  if (declaration.body === undefined || declaration.body === 'stream') return undefined
  return parseOrThrow(declaration.body, JSON.parse(bytes.toString()), 'body')
}

function send(response: ServerResponse, declaration: RouteDeclaration, value: unknown): void {
  if (response.headersSent) return
  response.statusCode = declaration.status ?? 200
  if (declaration.response === 'stream') response.end(value)
  else {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(parseOrThrow(declaration.response, value, 'answer')))
  }
}

function fail(response: ServerResponse, error: unknown): void {
  const known = error instanceof HaganeError ? error : new HaganeError('internal', String(error))
  response.statusCode = errorKinds[known.kind]
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(known.toBody('req-1')))
}
