import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { HaganeError } from '@hagane/contract'

/** What Node refuses before there is a request (broken framing, oversized headers), answered in our form. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return
  const { status, failure } = failureOf(error.code)
  const body = JSON.stringify(failure.toBody())
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

function failureOf(code: string | undefined): { status: number; failure: HaganeError } {
  if (code === 'HPE_HEADER_OVERFLOW')
    return { status: 431, failure: new HaganeError('too_large', 'the request line and headers are too large') }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { status: 408, failure: new HaganeError('timeout', 'the request headers did not arrive in time') }
  return {
    status: 400,
    failure: new HaganeError(
      'invalid',
      `the bytes are not a valid HTTP request${code === undefined ? '' : ` (${code})`}`,
      {
        hint: 'a length that does not fit the body makes the next bytes look like a request',
      },
    ),
  }
}
