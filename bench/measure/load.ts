import { connect, type Socket } from 'node:net'
import { answerLength } from './http-answer.ts'

/** What one load run saw; times in milliseconds, first byte sent to last byte received. */
export interface LoadResult {
  readonly requestsPerSecond: number
  readonly p50: number
  readonly p99: number
}

export interface LoadOptions {
  readonly url: string
  readonly headers?: Record<string, string>
  /** Body of the next request of a connection; a text that never changes is serialised only once. */
  readonly body: string | ((connection: number) => string)
  readonly connections: number
  readonly seconds: number
}

/**
 * Closed loop over keep-alive connections with TCP_NODELAY: each sends its next request when the last is answered. It
 * writes to bare sockets, because an HTTP client library would cost as much as the servers it measures.
 * Any answer but 2xx ends the run with an error that quotes it.
 */
export async function applyLoad(options: LoadOptions): Promise<LoadResult> {
  const latencies: number[] = []
  const started = performance.now()
  const until = started + options.seconds * 1000
  await Promise.all(
    Array.from({ length: options.connections }, (_, index) => runConnection(options, index, until, latencies)),
  )
  const elapsed = (performance.now() - started) / 1000
  latencies.sort((a, b) => a - b)
  return { requestsPerSecond: latencies.length / elapsed, p50: share(latencies, 0.5), p99: share(latencies, 0.99) }
}

/** Warms up, then the median of three runs by rate. */
export async function medianLoad(options: LoadOptions): Promise<LoadResult> {
  await applyLoad({ ...options, seconds: Math.min(options.seconds, 2) })
  const results = [await applyLoad(options), await applyLoad(options), await applyLoad(options)]
  results.sort((a, b) => a.requestsPerSecond - b.requestsPerSecond)
  return results[1] as LoadResult
}

const share = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN

async function runConnection(options: LoadOptions, index: number, until: number, latencies: number[]): Promise<void> {
  const socket = await openSocket(new URL(options.url))
  const { body } = options
  const next = typeof body === 'string' ? always(requestBytes(options, body)) : () => requestBytes(options, body(index))
  try {
    while (performance.now() < until) {
      const request = next()
      const sent = performance.now()
      await exchange(socket, request)
      latencies.push(performance.now() - sent)
    }
  } finally {
    socket.destroy()
  }
}

const always =
  <T>(value: T) =>
  () =>
    value

function openSocket(url: URL): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
    socket.once('connect', () => resolve(socket))
    socket.once('error', reject)
  })
}

function requestBytes(options: LoadOptions, body: string): Buffer {
  const url = new URL(options.url)
  const headers = { host: url.host, 'content-type': 'application/json', ...options.headers }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(
    `POST ${url.pathname} HTTP/1.1\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

function exchange(socket: Socket, request: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0)
    const settle = (error?: Error) => {
      socket.off('data', onData).off('close', onClose).off('error', settle)
      if (error === undefined) resolve()
      else reject(error)
    }
    const onClose = () => settle(new Error('the server closed the connection in the middle of a load run'))
    const onData = (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      const length = answerLength(received)
      if (length === undefined || received.length < length) return
      const status = received.toString('latin1', 9, 12)
      settle(
        status.startsWith('2')
          ? undefined
          : new Error(`the server answered ${received.toString('utf8').slice(0, 800)}`),
      )
    }
    socket.on('data', onData).on('close', onClose).on('error', settle)
    socket.write(request)
  })
}
