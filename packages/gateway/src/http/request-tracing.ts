import type { GatewayEndpoint } from '@hagane/contract'
import type { OtlpOptions } from '../telemetry/otlp-options.ts'
import { type RequestTrace, Tracing } from '../telemetry/tracing.ts'
import type { Asked } from './body.ts'

/** Traces of scoring requests: goes on with the caller's trace, and hands the worker's span down to the model's code. */
export class RequestTracing {
  readonly #tracing: Tracing

  constructor(options: OtlpOptions) {
    this.#tracing = new Tracing(options)
  }

  of(request: Asked, entry: GatewayEndpoint, requestId: string): RequestTrace | undefined {
    const [path = ''] = (request.url ?? '').split('?')
    const method = request.method ?? 'POST'
    const trace = this.#tracing.begin(request.headers.traceparent, `${method} ${path}`, {
      'http.request.method': method,
      'url.path': path,
      'hagane.workspace': entry.workspace,
      'hagane.endpoint': entry.name,
      'hagane.request_id': requestId,
    })
    if (trace !== undefined) request.rawHeaders = withTraceparent(request.rawHeaders, trace.traceparent)
    return trace
  }

  close(): Promise<void> {
    return this.#tracing.close()
  }
}

/** Raw headers are what scripts and servers behind the gateway are given. */
function withTraceparent(raw: readonly string[], value: string): string[] {
  const others = raw.filter((_, at) => raw[at - (at % 2)]?.toLowerCase() !== 'traceparent')
  return [...others, 'traceparent', value]
}
