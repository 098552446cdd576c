import type { ServiceSample } from '../service-samples.ts'
import { otlpMetricsOf } from './otlp-metrics.ts'
import { type OtlpAttribute, OtlpSender, otlpAttributes, otlpNano } from './otlp-sender.ts'
import { type OtlpTarget, otlpTarget } from './otlp-target.ts'

/** A line of a log. Severity numbers are OTLP's: 9 information, 13 warning, 17 error. */
export interface LogLine {
  /** Epoch ms. */
  time: number
  severity: number
  text: string
  attributes?: Readonly<Record<string, string | number>>
}

interface OtlpLogRecord {
  timeUnixNano: string
  severityNumber: number
  severityText: string
  body: { stringValue: string }
  attributes: OtlpAttribute[]
}

const severityNames = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']
const defaultIntervalMs = 60_000
/** Samples come every ten seconds, a little early or late. */
const slackMs = 5000

const resourceOf = (target: OtlpTarget, pid: number) => ({
  attributes: otlpAttributes({ 'service.name': target.serviceName, 'process.pid': pid }),
})

/** Metrics and logs of one process on their way to a collector, by OTLP over HTTP. */
export interface OtlpTelemetry {
  /** Sends a sample if its time has come (`OTEL_METRIC_EXPORT_INTERVAL`, ms); counters are cumulative, so nothing is missed. */
  tell(sample: ServiceSample): void
  /** Whether logs have somewhere to go. */
  readonly hasLogs: boolean
  log(line: LogLine): void
  /** Sends what waits. */
  close(): Promise<void>
}

/** By OpenTelemetry's variables, see `otlpTarget`. Undefined when they name no endpoint for metrics or logs. */
export function otlpTelemetry(
  env: Readonly<Record<string, string | undefined>>,
  serviceName: string,
  pid: number,
): OtlpTelemetry | undefined {
  const metrics = otlpTarget(env, 'metrics', serviceName)
  const logs = otlpTarget(env, 'logs', serviceName)
  if (metrics === undefined && logs === undefined) return undefined
  const samples = metrics && metricSender(metrics, pid)
  const lines = logs && logSender(logs, pid)
  const interval = Number(env.OTEL_METRIC_EXPORT_INTERVAL) || defaultIntervalMs
  let last = Number.NEGATIVE_INFINITY
  return {
    tell(sample) {
      const time = Date.parse(sample.time)
      if (samples === undefined || time - last < interval - slackMs) return
      last = time
      samples.add(sample)
    },
    hasLogs: lines !== undefined,
    log: line => lines?.add(recordOf(line)),
    close: async () => void (await Promise.all([samples?.close(), lines?.close()])),
  }
}

const metricSender = (target: OtlpTarget, pid: number) =>
  new OtlpSender<ServiceSample>(target, 'metrics', samples => ({
    resourceMetrics: [
      {
        resource: resourceOf(target, pid),
        scopeMetrics: samples.map(sample => ({ scope: { name: 'hagane' }, metrics: otlpMetricsOf(sample) })),
      },
    ],
  }))

const logSender = (target: OtlpTarget, pid: number) =>
  new OtlpSender<OtlpLogRecord>(target, 'logs', logRecords => ({
    resourceLogs: [{ resource: resourceOf(target, pid), scopeLogs: [{ scope: { name: 'hagane' }, logRecords }] }],
  }))

const recordOf = ({ time, severity, text, attributes = {} }: LogLine): OtlpLogRecord => ({
  timeUnixNano: otlpNano(time),
  severityNumber: severity,
  severityText: severityNames[Math.floor((severity - 1) / 4)] ?? 'INFO',
  body: { stringValue: text },
  attributes: otlpAttributes(attributes),
})
