import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { WorkerAnswer } from '../serving/frames.ts'
import { headersOf, type Reply } from './answer.ts'

/** Writes down an answer whose body had this SHA-256; `done` is told the reason when it could not be. */
export type RecordStream = (digest: string, done: (failure?: Error) => void) => void

/**
 * Passes an answer on while it comes. Its record is written before its end is sent: who has a whole answer finds it
 * recorded. An answer that breaks off breaks off for the caller too, and a caller that leaves ends it.
 */
export function sendStream(
  response: Reply,
  { status, rows, headers }: WorkerAnswer,
  stream: Readable,
  own: readonly string[],
  record: RecordStream,
): void {
  response.writeHead(status, headersOf(headers, [...own, 'x-hagane-rows', String(rows)]))
  response.flushHeaders()
  response.on('close', () => stream.destroy())
  if (response.destroyed) stream.destroy()
  readStream(
    stream,
    chunk => {
      if (response.write(chunk)) return
      stream.pause()
      response.once('drain', () => stream.resume())
    },
    (digest, whole) =>
      record(digest, failure => {
        if (whole && failure === undefined) response.end()
        else response.destroy()
      }),
  )
}

/** Reads a body that nobody waits for, as a shadow's is. */
export function readToEnd(stream: Readable, record: RecordStream): void {
  readStream(
    stream,
    () => undefined,
    digest => record(digest, () => undefined),
  )
}

function readStream(
  stream: Readable,
  take: (chunk: Buffer) => void,
  finish: (digest: string, whole: boolean) => void,
): void {
  const digest = createHash('sha256')
  stream.on('data', (chunk: Buffer) => {
    digest.update(chunk)
    take(chunk)
  })
  let whole = false
  stream.on('end', () => {
    whole = true
  })
  stream.on('error', () => undefined)
  stream.on('close', () => finish(digest.digest('hex'), whole))
}
