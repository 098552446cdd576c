import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { HaganeError, type Permission, parseOrThrow, type RouteDeclaration } from '@hagane/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { BaseCall, BoundRoute, Call, Implement, StreamAnswer } from './call.ts'

const MAX_KEY = 255

/** See Implement. Parameters, query and body are checked by the declaration's own schemas; what they do not name is refused. */
export const implement: Implement = (declaration, handler) => {
  const query = declaration.query?.strict()
  return {
    declaration,
    async handle(call, request, reply) {
      const full = {
        ...call,
        params: declaration.params === undefined ? {} : parseOrThrow(declaration.params, request.params, 'path'),
        query: query === undefined ? {} : parseOrThrow(query, request.query, 'query'),
        body: bodyOf(declaration, request),
        ifMatch: request.headers['if-match']?.replace(/^(W\/)?"|"$/g, ''),
      }
      const idempotency = idempotencyOf(declaration, request, call.workspace)
      const answer = await handler({
        ...full,
        ...(idempotency === undefined ? {} : { idempotency }),
      } as unknown as Call<typeof declaration>)
      send(declaration, reply, answer)
    },
  }
}

/** A route whose wire format is not ours: the handler reads the request and answers itself. Same table, same permission check. */
export function rawRoute(
  declaration: {
    operationId: string
    method: RouteDeclaration['method']
    path: string
    permission: Permission
    summary: string
    bodyLimit?: number
    body?: 'stream'
  },
  handler: (call: BaseCall, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
  mapError?: (error: unknown, reply: FastifyReply) => unknown,
): BoundRoute & { mapError?: (error: unknown, reply: FastifyReply) => unknown } {
  return { declaration, handle: handler, ...(mapError === undefined ? {} : { mapError }) }
}

function bodyOf(declaration: RouteDeclaration, request: FastifyRequest): unknown {
  if (declaration.body === undefined || declaration.body === 'stream') return undefined
  if (request.body === undefined || request.body === null)
    throw new HaganeError('invalid', 'this request needs a JSON body', {
      hint: 'send it with Content-Type: application/json',
    })
  // what is not JSON was left unread
  if (request.body instanceof Readable)
    throw new HaganeError(
      'unsupported',
      `this request takes JSON, not ${request.headers['content-type'] ?? 'untyped bytes'}`,
      {
        hint: 'send it with Content-Type: application/json',
      },
    )
  return parseOrThrow(declaration.body, request.body, 'body')
}

function idempotencyOf(
  declaration: RouteDeclaration,
  request: FastifyRequest,
  workspace: string,
): Call<RouteDeclaration>['idempotency'] {
  const key = request.headers['idempotency-key']
  if (!declaration.idempotent || typeof key !== 'string') return undefined
  if (key.length === 0 || key.length > MAX_KEY)
    throw new HaganeError('invalid', `Idempotency-Key must have 1 to ${MAX_KEY} characters`)
  const requestHash = createHash('sha256')
    .update(JSON.stringify(request.body ?? null))
    .digest('hex')
  return { workspace, key, operation: declaration.operationId, requestHash }
}

function send(declaration: RouteDeclaration, reply: FastifyReply, answer: unknown): void {
  if (declaration.response === 'stream') {
    const { stream, bytes, headers, status } = answer as StreamAnswer
    void reply
      .code(status ?? declaration.status ?? 200)
      .headers({ 'content-type': 'application/octet-stream', 'x-content-type-options': 'nosniff', ...headers })
    void reply.send(stream ?? bytes ?? '')
    return
  }
  const etag = (answer as { etag?: unknown } | undefined)?.etag
  if (typeof etag === 'string') void reply.header('etag', `"${etag}"`)
  void reply.code(declaration.status ?? 200).send(answer)
}

/** Throws precondition_failed when the caller's If-Match names another state than the present one. */
export function checkIfMatch(call: { ifMatch?: string | undefined }, etag: string): void {
  if (call.ifMatch !== undefined && call.ifMatch !== '*' && call.ifMatch !== etag)
    throw new HaganeError(
      'precondition_failed',
      `this changed since you read it: it is now "${etag}", If-Match said "${call.ifMatch}"`,
      { hint: 'read it again and repeat the change' },
    )
}
