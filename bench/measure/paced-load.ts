import { connect, type Socket } from 'node:net'
import { answerLength } from './http-answer.ts'

export interface PacedOptions {
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string
  readonly perSecond: number
  readonly seconds: number
  /** Connections at most; a request that finds none free counts as `unsent`. */
  readonly connections: number
}

/** What came back: latencies in ms by status, sorted; how many connections broke, and requests that were not sent. */
export interface PacedResult {
  readonly latencies: ReadonlyMap<number, readonly number[]>
  readonly broken: number
  readonly unsent: number
  /** Longest time in ms without a 200. */
  readonly longestGapMs: number
}

const tickMs = 5

/**
 * Open loop: sends at a rate whatever is answered, as callers who do not know of each other do. Bare sockets, each with one
 * request at a time; one that breaks is replaced with the next request.
 */
export async function pacedLoad(options: PacedOptions): Promise<PacedResult> {
  const run = new PacedRun(options)
  const started = performance.now()
  let due = 0
  await new Promise<void>(resolve => {
    const timer = setInterval(() => {
      const passed = (performance.now() - started) / 1000
      for (const wanted = Math.min(passed, options.seconds) * options.perSecond; due < wanted; due += 1) run.send()
      if (passed < options.seconds) return
      clearInterval(timer)
      resolve()
    }, tickMs)
  })
  return run.finish()
}

class PacedRun {
  readonly #options: PacedOptions
  readonly #request: Buffer
  readonly #free: Socket[] = []
  readonly #latencies = new Map<number, number[]>()
  #open = 0
  #busy = 0
  #broken = 0
  #unsent = 0
  #lastGood = performance.now()
  #longestGap = 0

  constructor(options: PacedOptions) {
    this.#options = options
    const url = new URL(options.url)
    const headers = { host: url.host, 'content-type': 'application/json', ...options.headers }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const length = Buffer.byteLength(options.body)
    this.#request = Buffer.from(
      `POST ${url.pathname} HTTP/1.1\r\n${lines.join('')}content-length: ${length}\r\n\r\n${options.body}`,
    )
  }

  send(): void {
    const socket = this.#free.pop()
    if (socket === undefined && this.#open >= this.#options.connections) {
      this.#unsent += 1
      return
    }
    this.#busy += 1
    this.#ask(socket ?? this.#connect())
  }

  /** Waits for what is open and sums up. */
  async finish(): Promise<PacedResult> {
    while (this.#busy > 0) await new Promise(resolve => setTimeout(resolve, tickMs))
    for (const socket of this.#free) socket.destroy()
    for (const list of this.#latencies.values()) list.sort((a, b) => a - b)
    return {
      latencies: this.#latencies,
      broken: this.#broken,
      unsent: this.#unsent,
      longestGapMs: Math.max(this.#longestGap, performance.now() - this.#lastGood),
    }
  }

  #connect(): Socket {
    const { hostname, port } = new URL(this.#options.url)
    this.#open += 1
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    socket.on('error', () => undefined)
    socket.once('close', () => {
      this.#open -= 1
      const at = this.#free.indexOf(socket)
      if (at >= 0) this.#free.splice(at, 1)
    })
    return socket
  }

  #ask(socket: Socket): void {
    const sent = performance.now()
    let received = Buffer.alloc(0)
    const done = (status: number | undefined): void => {
      socket.off('data', read).off('close', broke)
      this.#busy -= 1
      if (status === undefined) this.#broken += 1
      else this.#note(status, performance.now() - sent)
      if (!socket.destroyed) this.#free.push(socket)
    }
    const read = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk])
      const length = answerLength(received)
      if (length !== undefined && received.length >= length) done(Number(received.toString('latin1', 9, 12)))
    }
    const broke = (): void => done(undefined)
    socket.on('data', read).once('close', broke)
    socket.write(this.#request)
  }

  #note(status: number, latency: number): void {
    const list = this.#latencies.get(status) ?? []
    list.push(latency)
    this.#latencies.set(status, list)
    if (status !== 200) return
    const now = performance.now()
    this.#longestGap = Math.max(this.#longestGap, now - this.#lastGood)
    this.#lastGood = now
  }
}

/** The value that this part of a sorted list lies below. */
export const percentile = (sorted: readonly number[] = [], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
