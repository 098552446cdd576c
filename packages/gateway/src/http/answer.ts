import type { ServerResponse } from 'node:http'
import { HaganeError } from '@hagane/contract'
import { RateLimited } from '../routing/token-bucket.ts'
import type { PlainReply } from './plain-reply.ts'

/** An answer by whichever lane it goes. */
export type Reply = ServerResponse | PlainReply

const retryAfter: Partial<Record<HaganeError['kind'], string>> = { rate_limited: '1', unavailable: '2' }

/** Headers that belong to the connection or are set here; a model's code does not decide them. */
const reserved = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'traceid',
  'transfer-encoding',
  'upgrade',
  'x-hagane-prediction-id',
  'x-hagane-rows',
  'x-ms-client-request-id',
  'x-ms-request-id',
  'x-request-id',
  'azureml-model-deployment',
])

/** A failure as status, headers and a JSON body of Hagane's error shape. */
export function errorAnswer(error: HaganeError, requestId: string) {
  const headers: [string, string][] = [['content-type', 'application/json; charset=utf-8']]
  const wait = error instanceof RateLimited ? String(error.retryAfterSeconds) : retryAfter[error.kind]
  if (wait !== undefined) headers.push(['retry-after', wait])
  return { status: error.status, rows: 0, headers, body: Buffer.from(JSON.stringify(error.toBody(requestId))) }
}

/** Node joins headers and a body that is a string to one write, which costs half of two buffers; large ones stay buffers. */
const oneStringLimit = 64 * 1024

/** The gateway's own headers and those of a model that it may decide. */
export function headersOf(headers: readonly [string, string][], own: string[]): string[] {
  for (const [name, value] of headers) if (!reserved.has(name.toLowerCase())) own.push(name, value)
  return own
}

/** Writes a whole answer at once: one packet, no waiting for a delayed acknowledgement. */
export function send(
  response: Reply,
  status: number,
  headers: readonly [string, string][],
  own: readonly string[],
  body: Buffer,
): void {
  if (response.destroyed) return
  const all = headersOf(headers, [...own, 'content-length', String(body.length)])
  try {
    response.writeHead(status, all)
  } catch (error) {
    sendRefusedHeaders(response, own, error as Error)
    return
  }
  if (body.length <= oneStringLimit) response.end(body.toString('latin1'), 'latin1')
  else response.end(body)
}

function sendRefusedHeaders(response: Reply, own: readonly string[], error: Error): void {
  const failure = new HaganeError(
    'internal',
    `the model's code answered with headers that HTTP does not allow: ${error.message}`,
  )
  const body = Buffer.from(JSON.stringify(failure.toBody()))
  response.writeHead(500, [...own, 'content-type', 'application/json', 'content-length', String(body.length)])
  response.end(body)
}

/** Any failure as one of ours; what was not foreseen becomes `internal` without its text. */
export function asHaganeError(error: unknown): HaganeError {
  if (error instanceof HaganeError) return error
  return new HaganeError('internal', 'the gateway failed to handle this request', { cause: error })
}
