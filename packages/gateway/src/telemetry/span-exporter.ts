import type { OtlpOptions } from './otlp-options.ts'

/** A span as OTLP/HTTP has it in JSON (opentelemetry-proto, trace/v1). */
export interface OtlpSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: { key: string; value: { stringValue: string } | { intValue: string } }[]
  status: { code?: number; message?: string }
}

const sendEveryMs = 1000
const mostAtOnce = 512
/** Spans that are kept while the collector is away; what comes then is lost, and serving goes on. */
const mostWaiting = 4096
const answerMs = 10_000

/** Sends spans to a collector in batches, one batch at a time; a collector that is away costs spans, never a request. */
export class SpanExporter {
  readonly #options: OtlpOptions
  #waiting: OtlpSpan[] = []
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> | undefined
  /** The last batch did not arrive: the next is tried when its time has come, however much waits. */
  #away = false

  constructor(options: OtlpOptions) {
    this.#options = options
  }

  add(span: OtlpSpan): void {
    if (this.#waiting.length >= mostWaiting) return
    this.#waiting.push(span)
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

  #soon(): void {
    this.#timer ??= setTimeout(() => void this.flush(), sendEveryMs)
  }

  async #sendAll(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#away = false
    while (this.#waiting.length > 0 && !this.#away) await this.#send(this.#waiting.splice(0, mostAtOnce))
  }

  async #send(spans: OtlpSpan[]): Promise<void> {
    const { headers, serviceName, url } = this.#options
    const attributes = [
      { key: 'service.name', value: { stringValue: serviceName } },
      { key: 'process.pid', value: { intValue: String(process.pid) } },
    ]
    const body = JSON.stringify({
      resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope: { name: 'hagane.gateway' }, spans }] }],
    })
    const sent = { 'content-type': 'application/json', ...headers }
    try {
      const answer = await fetch(url, { method: 'POST', body, headers: sent, signal: AbortSignal.timeout(answerMs) })
      await answer.arrayBuffer()
      const again = [429, 502, 503, 504].includes(answer.status)
      if (again) this.#keep(spans)
      else if (!answer.ok) console.error(`the collector at ${url} refuses spans: ${answer.status}`)
    } catch {
      this.#keep(spans)
    }
  }

  /** Tried again with the next batch. */
  #keep(spans: OtlpSpan[]): void {
    this.#away = true
    this.#waiting = [...spans, ...this.#waiting].slice(0, mostWaiting)
  }
}
