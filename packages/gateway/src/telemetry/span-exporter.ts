import { type OtlpAttribute, OtlpSender, otlpAttributes } from '@hagane/contract'
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
  attributes: OtlpAttribute[]
  status: { code?: number; message?: string }
}

/** Sends spans to a collector; see OtlpSender. */
export class SpanExporter extends OtlpSender<OtlpSpan> {
  constructor(options: OtlpOptions) {
    const attributes = otlpAttributes({ 'service.name': options.serviceName, 'process.pid': process.pid })
    super(options, 'spans', spans => ({
      resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope: { name: 'hagane.gateway' }, spans }] }],
    }))
  }
}
