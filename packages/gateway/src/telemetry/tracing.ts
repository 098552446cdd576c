import type { OtlpOptions } from './otlp-options.ts'
import { type OtlpSpan, SpanExporter } from './span-exporter.ts'
import { formatTraceparent, newSpanId, newTraceId, parseTraceparent } from './trace-context.ts'

const kinds = { internal: 1, server: 2 } as const
const errorCode = 2

export type Attributes = Readonly<Record<string, string | number>>

/** Begins a trace for each request, or goes on with the caller's. Built only where spans have somewhere to go. */
export class Tracing {
  readonly #exporter: SpanExporter
  readonly #ratio: number

  constructor(options: OtlpOptions) {
    this.#exporter = new SpanExporter(options)
    this.#ratio = options.ratio
  }

  /** The trace of a request; undefined when it is not to be kept. `traceparent` is the caller's header. */
  begin(traceparent: unknown, name: string, attributes: Attributes): RequestTrace | undefined {
    const parent = parseTraceparent(traceparent)
    const kept = parent?.sampled ?? Math.random() < this.#ratio
    if (!kept) return undefined
    const ids = { traceId: parent?.traceId ?? newTraceId(), parentSpanId: parent?.spanId }
    return new RequestTrace(this.#exporter, ids, name, attributes)
  }

  close(): Promise<void> {
    return this.#exporter.flush()
  }
}

/** Two spans: the request at the gateway, and within it the time that a worker had it. */
export class RequestTrace {
  readonly #exporter: SpanExporter
  readonly #ids: { traceId: string; parentSpanId: string | undefined }
  readonly #spanId = newSpanId()
  readonly #workerSpanId = newSpanId()
  readonly #name: string
  readonly #attributes: Attributes
  readonly #startedAt = nowNano()
  #givenAt: string | undefined

  constructor(
    exporter: SpanExporter,
    ids: { traceId: string; parentSpanId: string | undefined },
    name: string,
    attributes: Attributes,
  ) {
    this.#exporter = exporter
    this.#ids = ids
    this.#name = name
    this.#attributes = attributes
  }

  /** What the model's own code is told, so that its spans hang below the worker's. */
  get traceparent(): string {
    return formatTraceparent({ traceId: this.#ids.traceId, spanId: this.#workerSpanId, sampled: true })
  }

  /** A worker has the request from now on; one that is tried a second time counts from there. */
  given(): void {
    this.#givenAt = nowNano()
  }

  end(status: number, attributes: Attributes): void {
    const endedAt = nowNano()
    const { traceId, parentSpanId } = this.#ids
    const failed = status >= 500 ? { code: errorCode } : {}
    const all = { ...this.#attributes, ...attributes, 'http.response.status_code': status }
    const common = { traceId, endTimeUnixNano: endedAt, status: failed }
    if (this.#givenAt !== undefined)
      this.#exporter.add({
        ...common,
        spanId: this.#workerSpanId,
        parentSpanId: this.#spanId,
        name: 'predict',
        kind: kinds.internal,
        startTimeUnixNano: this.#givenAt,
        attributes: listed(attributes),
      })
    this.#exporter.add({
      ...common,
      spanId: this.#spanId,
      ...(parentSpanId === undefined ? {} : { parentSpanId }),
      name: this.#name,
      kind: kinds.server,
      startTimeUnixNano: this.#startedAt,
      attributes: listed(all),
    })
  }
}

const listed = (attributes: Attributes): OtlpSpan['attributes'] =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }))

const nowNano = (): string => String(BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n)
