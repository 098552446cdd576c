import { HaganeError, type Permission } from '@hagane/contract'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Database } from '../db/index.ts'
import { newUlid } from '../ids.ts'
import type { Logger } from '../log.ts'
import type { Authenticate, BaseCall, BoundRoute, Caller } from './call.ts'
import { answerClientError } from './client-error.ts'
import { answerError } from './errors.ts'
import { guardHost } from './guard.ts'
import { rememberAnswer, replayed } from './idempotency.ts'
import { parseJson, refuseNul } from './json.ts'
import { type OpenCalls, trackOpenCalls } from './open-calls.ts'

export interface HttpOptions {
  db: Database
  log: Logger
  authenticate: Authenticate
  bodyLimit: number
  /** Names that a Host header may carry besides loopback and the listening address; `*` for any. */
  allowedHosts: readonly string[]
  /** Called with each answer; `seconds` is undefined for one that was held back or is a stream. */
  answered?: (status: number, seconds: number | undefined) => void
  /** Told of a known caller who lacks the permission that a route needs, before the refusal is answered. */
  refused?: (asked: RefusedCall) => Promise<void>
}

/** What somebody wanted to do who may not. */
export interface RefusedCall {
  workspace: string
  actor: string
  permission: Permission
  operation: string
  path: string
}

type RawRoute = BoundRoute & { mapError?: (error: unknown, reply: FastifyReply) => unknown }

const workspacePrefix = /^\/ws\/([^/?]+)(?=\/|\?|$)/

/** The HTTP server from a table of routes. Each also answers under `/ws/<workspace>`; nothing answers that is not in the table. */
export function buildHttp(routes: readonly BoundRoute[], options: HttpOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: options.bodyLimit,
    genReqId: () => newUlid(),
    logger: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 8192, ignoreTrailingSlash: true },
    rewriteUrl: request => rewritten(request),
    exposeHeadRoutes: false,
    return503OnClosing: false,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) =>
      void answerError(error, request as FastifyRequest, reply as FastifyReply, options.log),
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    /^application\/(json|.*\+json)/,
    { parseAs: 'buffer' },
    (_request: FastifyRequest, body: Buffer) => parseJson(body),
  )
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  app.addHook('onRequest', async (request, reply) => {
    void reply
      .header('x-request-id', request.id)
      .header('x-content-type-options', 'nosniff')
      .header('x-frame-options', 'SAMEORIGIN')
    guardHost(request.headers, options.allowedHosts, request.method)
  })
  const { answered } = options
  if (answered !== undefined)
    app.addHook('onResponse', async (request, reply) =>
      answered(reply.statusCode, wasHeld(request, reply) ? undefined : reply.elapsedTime / 1000),
    )
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, options.log))
  app.setNotFoundHandler((request, reply) =>
    answerError(
      new HaganeError('not_found', `nothing answers ${request.method} ${request.url.split('?')[0]}`, {
        hint: 'the routes are listed at /openapi.json',
      }),
      request,
      reply,
      options.log,
    ),
  )
  const setting: Setting = { ...options, open: trackOpenCalls(app) }
  const isStream = (route: RawRoute): boolean => route.declaration.body === 'stream'
  for (const route of (routes as readonly RawRoute[]).filter(route => !isStream(route))) register(app, route, setting)
  // a scope of its own, where no body is parsed: an uploaded .json file comes as application/json and is still just bytes
  app.register(async streams => {
    streams.removeAllContentTypeParsers()
    streams.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    for (const route of (routes as readonly RawRoute[]).filter(isStream)) register(streams, route, setting)
  })
  return app
}

/** An answer that waits for something to happen, or that goes on, tells nothing of how fast the server is. */
const wasHeld = (request: FastifyRequest, reply: FastifyReply): boolean =>
  /[?&]wait=/.test(request.url) || String(reply.getHeader('content-type')).startsWith('text/event-stream')

interface Setting extends HttpOptions {
  open: OpenCalls
}

function register(app: FastifyInstance, route: RawRoute, options: Setting): void {
  const { method, path, bodyLimit } = route.declaration
  const { mapError } = route
  app.route({
    method,
    url: path,
    ...(bodyLimit === undefined ? {} : { bodyLimit }),
    // what fails before the handler, e.g. a body that is not JSON, is answered in the route's own format as well
    ...(mapError === undefined ? {} : { errorHandler: (error, _request, reply) => void mapError(error, reply) }),
    // before the body is read: nobody makes the server parse megabytes without being allowed to
    onRequest: async (request, reply) => {
      refuseNul(request.params, 'path')
      refuseNul(request.query, 'query')
      request.hagane = await callOf(route, request, reply, options)
    },
    handler: async (request, reply) => {
      try {
        const call = withBody(route, request)
        if (await replayed(options.db, route, call, request, reply)) return reply
        const result = await route.handle(call, request, reply)
        return result === undefined ? reply : result
      } catch (error) {
        if (route.mapError !== undefined) return route.mapError(error, reply)
        throw error
      }
    },
    onSend: async (request, reply, payload) => {
      if (
        typeof payload === 'string' &&
        reply.statusCode < 300 &&
        request.hagane !== undefined &&
        request.headers['idempotency-key'] !== undefined &&
        reply.getHeader('idempotency-replayed') === undefined
      )
        await rememberAnswer(options.db, route, request.hagane, request, payload)
      return payload
    },
  })
}

declare module 'fastify' {
  interface FastifyRequest {
    hagane?: BaseCall
  }
}

async function callOf(
  route: BoundRoute,
  request: FastifyRequest,
  reply: FastifyReply,
  options: Setting,
): Promise<BaseCall> {
  const workspace = workspaceOf(request)
  const { permission } = route.declaration
  const caller =
    permission === 'public'
      ? await callerOrNobody(request, workspace, options)
      : await options.authenticate({ headers: request.headers, workspace })
  const refusal = permission === 'public' ? undefined : caller.refusal?.(permission, workspace)
  if (refusal !== undefined) throw refusal
  if (permission !== 'public' && !caller.can(permission, workspace)) {
    const { operationId: operation } = route.declaration
    const path = request.url.split('?')[0] ?? ''
    await options.refused?.({ workspace, actor: caller.actor, permission, operation, path })
    throw new HaganeError(
      'forbidden',
      `${caller.actor} may not do this: it needs the permission ${permission} in workspace ${workspace}`,
      { hint: 'ask an administrator for a role that holds it' },
    )
  }
  return {
    workspace,
    actor: caller.actor,
    correlation: caller.correlation,
    caller,
    requestId: request.id,
    headers: request.headers,
    signal: options.open.signalFor(reply.raw),
    stream: request.raw,
  }
}

const nobody: Caller = { actor: 'anonymous', can: () => false }

/** What is public answers without credentials too, also to a probe whose token has expired. */
async function callerOrNobody(request: FastifyRequest, workspace: string, options: Setting): Promise<Caller> {
  try {
    return await options.authenticate({ headers: request.headers, workspace })
  } catch (error) {
    if (error instanceof HaganeError && error.kind === 'unauthenticated') return nobody
    throw error
  }
}

/** The call as it was admitted, with the bytes of a `body: 'stream'` route. */
function withBody(route: BoundRoute, request: FastifyRequest): BaseCall {
  const call = request.hagane
  if (call === undefined) throw new Error(`${request.method} ${request.url} was not admitted`)
  if (route.declaration.body !== 'stream') return call
  const withStream = { ...call, stream: (request.body as BaseCall['stream'] | undefined) ?? request.raw }
  request.hagane = withStream
  return withStream
}

const rewritten = (request: { url?: string | undefined; headers: Record<string, unknown> }): string => {
  const url = request.url ?? '/'
  const match = workspacePrefix.exec(url)
  delete request.headers['x-hagane-workspace']
  if (match === null) return url
  request.headers['x-hagane-workspace'] = match[1]
  const rest = url.slice(match[0].length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

function workspaceOf(request: FastifyRequest): string {
  const encoded = request.headers['x-hagane-workspace']
  if (typeof encoded !== 'string') return 'default'
  try {
    return decodeURIComponent(encoded)
  } catch {
    throw new HaganeError('invalid', 'the workspace in the address is not valid percent-encoded UTF-8')
  }
}
