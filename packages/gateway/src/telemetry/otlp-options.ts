/** Where spans go and which are kept. */
export interface OtlpOptions {
  /** The whole address, with `/v1/traces`. */
  url: string
  headers: Record<string, string>
  serviceName: string
  /** Share of the traces that begin here; those that callers began are kept when the callers say so. */
  ratio: number
}

/**
 * OpenTelemetry's own variables: `OTEL_EXPORTER_OTLP_ENDPOINT` or `…_TRACES_ENDPOINT`, `…_HEADERS`, `OTEL_SERVICE_NAME`,
 * `OTEL_TRACES_SAMPLER_ARG` (a ratio) and `OTEL_SDK_DISABLED`. Undefined without an endpoint: then nothing is traced.
 * Specification: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export function otlpFromEnvironment(env: NodeJS.ProcessEnv): OtlpOptions | undefined {
  const own = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
  const shared = env.OTEL_EXPORTER_OTLP_ENDPOINT
  const url = own || (shared ? `${shared.replace(/\/+$/, '')}/v1/traces` : '')
  if (url === '' || env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none')
    return undefined
  const ratio = Number(env.OTEL_TRACES_SAMPLER_ARG || 1)
  return {
    url,
    headers: headersOf(env.OTEL_EXPORTER_OTLP_TRACES_HEADERS ?? env.OTEL_EXPORTER_OTLP_HEADERS ?? ''),
    serviceName: env.OTEL_SERVICE_NAME || 'hagane-gateway',
    ratio: ratio >= 0 && ratio <= 1 ? ratio : 1,
  }
}

/** `name=value,name=value`, percent-encoded as in W3C Baggage. */
function headersOf(text: string): Record<string, string> {
  const pairs = text.split(',').map(pair => pair.split(/=(.*)/s, 2).map(part => part.trim()))
  return Object.fromEntries(pairs.flatMap(([name, value]) => (name && value ? [[name, decoded(value)]] : [])))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
