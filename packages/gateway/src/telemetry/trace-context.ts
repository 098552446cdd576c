import { randomBytes } from 'node:crypto'

/** Which trace a request belongs to, and the span that caused it. */
export interface TraceContext {
  traceId: string
  spanId: string
  sampled: boolean
}

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/
const zeros = /^0+$/

/** Reads the header `traceparent` (W3C Trace Context, level 1); undefined when it is missing or not valid. */
export function parseTraceparent(header: unknown): TraceContext | undefined {
  const [, version, traceId, spanId, flags] = pattern.exec(typeof header === 'string' ? header.trim() : '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined || version === 'ff') return undefined
  if (zeros.test(traceId) || zeros.test(spanId)) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

export const formatTraceparent = ({ traceId, spanId, sampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`

export const newTraceId = (): string => randomBytes(16).toString('hex')
export const newSpanId = (): string => randomBytes(8).toString('hex')
