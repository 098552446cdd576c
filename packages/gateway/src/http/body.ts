import type { IncomingMessage } from 'node:http'
import { HaganeError } from '@hagane/contract'
import type { PlainRequest } from './plain-connection.ts'

/** A request by whichever lane it came. */
export type Asked = IncomingMessage | PlainRequest

/** Reads a whole body of at most `limit` bytes. Throws `too_large`; undefined when the caller went away before its end. */
export function readBody(request: Asked, limit: number): Promise<Buffer | undefined> {
  if ('body' in request) return Promise.resolve(request.body)
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > limit) return Promise.reject(tooLarge(limit, declared))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) {
        request.pause()
        reject(tooLarge(limit, size))
      } else chunks.push(chunk)
    })
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size)))
    request.on('close', () => resolve(undefined))
    request.on('error', () => resolve(undefined))
  })
}

const tooLarge = (limit: number, size: number): HaganeError =>
  new HaganeError('too_large', `the body has ${size} bytes or more, the limit is ${limit}`, {
    hint: 'send fewer rows at a time, or start the gateway with a larger --max-body',
  })
