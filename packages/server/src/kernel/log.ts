import type { OtlpTelemetry } from '@hagane/contract'
import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

/** Structured logs, one JSON object a line on stderr; secrets in headers never reach them. */
export const buildLog = (level: string, telemetry?: OtlpTelemetry): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['authorization', 'headers.authorization', 'token', 'key'],
    },
    telemetry?.hasLogs ? sentTo(telemetry) : pino.destination({ fd: 2, sync: true }),
  )

/** Writes each line to stderr and hands it to a collector: pino's levels are ten times as coarse as OTLP's, and begin at 10. */
function sentTo(telemetry: OtlpTelemetry): DestinationStream {
  const stderr = pino.destination({ fd: 2, sync: true })
  return {
    write(line) {
      stderr.write(line)
      const { level, time, msg, ...rest } = JSON.parse(line) as { level: number; time: string; msg?: string }
      const attributes = Object.entries(rest).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ])
      const severity = Math.max(1, (level / 10 - 1) * 4 + 1)
      telemetry.log({ time: Date.parse(time), severity, text: msg ?? '', attributes: Object.fromEntries(attributes) })
    },
  }
}
