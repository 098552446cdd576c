/** Where a process sends one signal, and how it calls itself. */
export interface OtlpTarget {
  /** The whole address, with `/v1/<signal>`. */
  url: string
  headers: Record<string, string>
  serviceName: string
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * OpenTelemetry's own variables: `OTEL_EXPORTER_OTLP_ENDPOINT` or `…_<SIGNAL>_ENDPOINT`, `…_HEADERS`, `OTEL_SERVICE_NAME`,
 * `OTEL_<SIGNAL>_EXPORTER=none` and `OTEL_SDK_DISABLED`. Undefined without an endpoint: then nothing is sent.
 * Specification: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export function otlpTarget(
  env: Environment,
  signal: 'traces' | 'metrics' | 'logs',
  serviceName: string,
): OtlpTarget | undefined {
  const name = signal.toUpperCase()
  const shared = env.OTEL_EXPORTER_OTLP_ENDPOINT
  const url = env[`OTEL_EXPORTER_OTLP_${name}_ENDPOINT`] || (shared ? `${shared.replace(/\/+$/, '')}/v1/${signal}` : '')
  const isOff = env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env[`OTEL_${name}_EXPORTER`] === 'none'
  if (url === '' || isOff) return undefined
  const headers = env[`OTEL_EXPORTER_OTLP_${name}_HEADERS`] ?? env.OTEL_EXPORTER_OTLP_HEADERS ?? ''
  return { url, headers: headersOf(headers), serviceName: env.OTEL_SERVICE_NAME || serviceName }
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
