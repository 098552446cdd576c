import { createHash } from 'node:crypto'
import { HaganeError } from '@hagane/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { answerOf, type Database, keepAnswer } from '../db/index.ts'
import type { BaseCall, BoundRoute } from './call.ts'

/**
 * Answers a repeated create from the record of the first. The key itself commits with the work (kernel/db); here the answer is
 * kept after it. If the server died between the two, the repetition is told that the work was done.
 */
export async function replayed(
  db: Database,
  route: BoundRoute,
  call: BaseCall,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<boolean> {
  const key = request.headers['idempotency-key']
  if (!route.declaration.idempotent || typeof key !== 'string') return false
  const row = await answerOf(db, { ...call, operation: route.declaration.operationId, key })
  if (row === undefined) return false
  const requestHash = createHash('sha256')
    .update(JSON.stringify(request.body ?? null))
    .digest('hex')
  if (row.request_hash !== requestHash)
    throw new HaganeError('conflict', `Idempotency-Key '${key}' was used for another request`, {
      hint: 'use a new key for a new request',
    })
  if (row.response === null)
    throw new HaganeError('conflict', `the request with Idempotency-Key '${key}' was already carried out`, {
      hint: 'read its result',
    })
  void reply
    .code(route.declaration.status ?? 200)
    .header('idempotency-replayed', 'true')
    .type('application/json')
    .send(row.response)
  return true
}

/** Keeps the answer of a create under its key. */
export async function rememberAnswer(
  db: Database,
  route: BoundRoute,
  call: BaseCall,
  request: FastifyRequest,
  payload: string,
): Promise<void> {
  const key = request.headers['idempotency-key']
  if (!route.declaration.idempotent || typeof key !== 'string') return
  await keepAnswer(db, { ...call, operation: route.declaration.operationId, key }, payload)
}
