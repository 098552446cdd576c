import type { OtlpTarget } from './otlp-target.ts'

const sendEveryMs = 1000
const mostAtOnce = 512
/** What is kept while the collector is away; what comes then is lost, and work goes on. */
const mostWaiting = 4096
const answerMs = 10_000

/** An attribute as OTLP/HTTP has it in JSON. */
export interface OtlpAttribute {
  key: string
  value: { stringValue: string } | { intValue: string }
}

export const otlpAttributes = (of: Readonly<Record<string, string | number>>): OtlpAttribute[] =>
  Object.entries(of).map(([key, value]) => ({
    key,
    value: Number.isInteger(value) ? { intValue: String(value) } : { stringValue: String(value) },
  }))

/** A time in epoch milliseconds as OTLP has it: nanoseconds as text. */
export const otlpNano = (ms: number): string => String(BigInt(Math.round(ms * 1000)) * 1000n)

/**
 * Sends things to a collector over OTLP/HTTP with JSON, in batches, one batch at a time; a collector that is away costs
 * what is sent, never the work. https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export class OtlpSender<T> {
  readonly #target: OtlpTarget
  readonly #body: (things: readonly T[]) => unknown
  readonly #what: string
  #waiting: T[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #sending: Promise<void> | undefined
  /** The last batch did not arrive: the next is tried when its time has come, however much waits. */
  #away = false

  /** `what` is sent, for messages; `body` makes a request of a batch. */
  constructor(target: OtlpTarget, what: string, body: (things: readonly T[]) => unknown) {
    this.#target = target
    this.#what = what
    this.#body = body
  }

  add(thing: T): void {
    if (this.#waiting.length >= mostWaiting) return
    this.#waiting.push(thing)
    if (this.#waiting.length >= mostAtOnce && !this.#away) void this.flush()
    else this.#soon()
  }

  /** Sends what waits; resolves when the collector has taken all of it or cannot be reached. */
  flush(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
      if (this.#waiting.length > 0) this.#soon()
    })
    return this.#sending
  }

  /** Sends what waits and stops. */
  async close(): Promise<void> {
    await this.flush()
    clearTimeout(this.#timer)
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => void this.flush(), sendEveryMs)
  }

  async #sendAll(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#away = false
    while (this.#waiting.length > 0 && !this.#away) await this.#send(this.#waiting.splice(0, mostAtOnce))
  }

  async #send(things: T[]): Promise<void> {
    const { headers, url } = this.#target
    const sent = { 'content-type': 'application/json', ...headers }
    const body = JSON.stringify(this.#body(things))
    try {
      const answer = await fetch(url, { method: 'POST', body, headers: sent, signal: AbortSignal.timeout(answerMs) })
      await answer.arrayBuffer()
      const again = [429, 502, 503, 504].includes(answer.status)
      if (again) this.#keep(things)
      else if (!answer.ok) this.#refused(answer.status)
    } catch {
      this.#keep(things)
    }
  }

  /** Told by standard error itself, since a log that is sent would tell of its own refusal again and again. */
  #refused(status: number): void {
    refusals.tell(`the collector at ${this.#target.url} refuses ${this.#what}: ${status}`)
  }

  /** Tried again with the next batch. */
  #keep(things: T[]): void {
    this.#away = true
    this.#waiting = [...things, ...this.#waiting].slice(0, mostWaiting)
  }
}

const refusals = { tell: console.error }
