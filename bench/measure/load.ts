import { connect } from 'node:net'
import { answerLength } from './http-answer.ts'
import { processorTimeOf } from './resources.ts'

/** What one load run saw; times in milliseconds, first byte sent to last byte received. */
export interface LoadResult {
  readonly requestsPerSecond: number
  /** Processor time of the server's processes per request, where a process was named and the system tells it. */
  readonly processorMs?: number
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
  /** The server's process, whose processor time is to be told with that of all below it. */
  readonly pid?: number | undefined
}

/**
 * Closed loop over keep-alive connections with TCP_NODELAY: each sends its next request when the last is answered. It
 * writes to bare sockets, because an HTTP client library would cost as much as the servers it measures.
 * Any answer but 2xx ends the run with an error that quotes it.
 */
export async function applyLoad(options: LoadOptions): Promise<LoadResult> {
  const latencies: number[] = []
  const before = await processorTime(options)
  const started = performance.now()
  const until = started + options.seconds * 1000
  await Promise.all(
    Array.from({ length: options.connections }, (_, index) => runConnection(options, index, until, latencies)),
  )
  const elapsed = (performance.now() - started) / 1000
  const after = await processorTime(options)
  latencies.sort((a, b) => a - b)
  return {
    requestsPerSecond: latencies.length / elapsed,
    p50: share(latencies, 0.5),
    p99: share(latencies, 0.99),
    ...(before === undefined || after === undefined ? {} : { processorMs: (after - before) / latencies.length }),
  }
}

/** Warms up, then the median of three runs by rate. */
export async function medianLoad(options: LoadOptions): Promise<LoadResult> {
  await applyLoad({ ...options, seconds: Math.min(options.seconds, 2) })
  const results = [await applyLoad(options), await applyLoad(options), await applyLoad(options)]
  results.sort((a, b) => a.requestsPerSecond - b.requestsPerSecond)
  return results[1] as LoadResult
}

const processorTime = async ({ pid }: LoadOptions) => (pid === undefined ? undefined : processorTimeOf(pid))

const share = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN

/** Connections in a row that a server may close without an answer; some close each after a number of requests. */
const mostClosed = 3

function runConnection(options: LoadOptions, index: number, until: number, latencies: number[]): Promise<void> {
  const { hostname, port } = new URL(options.url)
  const { body } = options
  const next = typeof body === 'string' ? always(requestBytes(options, body)) : () => requestBytes(options, body(index))
  return new Promise((resolve, reject) => {
    let closed = 0
    const open = () => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true })
      let received: Buffer | undefined
      let sent = 0
      const send = () => {
        sent = performance.now()
        socket.write(next())
      }
      const end = (error?: Error) => {
        socket.off('close', onClose).destroy()
        if (error === undefined) resolve()
        else reject(error)
      }
      const onClose = () => {
        closed += 1
        if (closed <= mostClosed && received === undefined) open()
        else end(new Error('the server closed the connection in the middle of a load run'))
      }
      socket.on('data', chunk => {
        const whole = received === undefined ? chunk : Buffer.concat([received, chunk])
        const length = answerLength(whole)
        received = length === undefined || whole.length < length ? whole : undefined
        if (received !== undefined) return
        const now = performance.now()
        closed = 0
        latencies.push(now - sent)
        if (!whole.toString('latin1', 9, 12).startsWith('2'))
          end(new Error(`the server answered ${whole.toString('utf8').slice(0, 800)}`))
        else if (now < until) send()
        else end()
      })
      socket.once('connect', send).once('error', end).once('close', onClose)
    }
    open()
  })
}

const always =
  <T>(value: T) =>
  () =>
    value

function requestBytes(options: LoadOptions, body: string): Buffer {
  const url = new URL(options.url)
  const headers = { host: url.host, 'content-type': 'application/json', ...options.headers }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(
    `POST ${url.pathname} HTTP/1.1\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
