import { type Logger, pino } from 'pino'

export type { Logger }

/** Structured logs, one JSON object a line on stderr; secrets in headers never reach them. */
export const buildLog = (level: string): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['authorization', 'headers.authorization', 'token', 'key'],
    },
    pino.destination({ fd: 2, sync: true }),
  )
