import { HaganeError } from '@hagane/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isDiskFull } from '../disk-reserve.ts'
import type { Logger } from '../log.ts'

/** What Fastify itself refuses, in our words. */
const known: Record<string, (error: { message: string }) => HaganeError> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () =>
    new HaganeError('too_large', 'the request body is too large', {
      hint: 'send large content to PUT /api/v1/blobs/<digest>',
    }),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new HaganeError('unsupported', 'this content type is not understood', {
      hint: 'send Content-Type: application/json',
    }),
  FST_ERR_CTP_EMPTY_JSON_BODY: () => new HaganeError('invalid', 'the JSON body is empty'),
  FST_ERR_CTP_INVALID_JSON_BODY: error => new HaganeError('invalid', `the body is not valid JSON: ${error.message}`),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new HaganeError('invalid', 'the body has another length than Content-Length says'),
  FST_ERR_BAD_URL: () => new HaganeError('invalid', 'the address is not valid percent-encoded UTF-8'),
  FST_ERR_ASYNC_CONSTRAINT: () => new HaganeError('invalid', 'the request headers are not valid'),
}

interface Foreign {
  code?: string
  statusCode?: number
  message?: string
}

/** Any thrown thing as a HaganeError; what we did not expect becomes `internal` without its text. */
export function asHaganeError(error: unknown): HaganeError {
  if (error instanceof HaganeError) return error
  const { code, statusCode, message } = error as Foreign
  if (isDiskFull(error))
    return new HaganeError('unavailable', 'the disk of the server is full', {
      hint: 'make room on it, then repeat the request: nothing of it was kept',
      cause: error,
    })
  const mapped = code === undefined ? undefined : known[code]
  if (mapped !== undefined) return mapped({ message: message ?? '' })
  if (error instanceof SyntaxError && statusCode === 400)
    return new HaganeError('invalid', `the body is not valid JSON: ${message}`)
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new HaganeError(
      statusCode === 404 ? 'not_found' : statusCode === 413 ? 'too_large' : 'invalid',
      message ?? 'bad request',
    )
  return new HaganeError('internal', 'something went wrong in the server', {
    hint: 'quote the request id to whoever runs it; the log has the reason',
    cause: error,
  })
}

/** The client left, or was cut off, before its request was whole, and that is what failed. */
const brokeOff = ({ raw }: FastifyRequest, error: unknown): boolean =>
  raw.destroyed &&
  !raw.complete &&
  ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR'].includes((error as Foreign).code ?? '')
const cutShort = (cause: unknown): HaganeError =>
  new HaganeError('invalid', 'the request broke off before its end', { hint: 'send it again', cause })

/** The one place where an error becomes an answer and a log line. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Logger): FastifyReply {
  const failure = brokeOff(request, error) ? cutShort(error) : asHaganeError(error)
  const line = { request: request.id, method: request.method, path: request.url.split('?')[0] }
  if (failure.kind === 'internal') log.error({ ...line, err: failure.cause ?? failure }, 'request failed')
  else log.debug({ ...line, kind: failure.kind, message: failure.message }, 'request refused')
  if (failure.kind === 'unauthenticated')
    void reply.header('www-authenticate', 'Bearer realm="hagane", Basic realm="hagane"')
  return reply
    .code(failure.status)
    .type('application/json')
    .send(JSON.stringify(failure.toBody(request.id)))
}
