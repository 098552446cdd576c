import { randomUUID } from 'node:crypto'
import type { Asked } from './body.ts'

export interface RequestIds {
  /** What the request is called in answers, logs and traces. */
  readonly id: string
  /** Names and values by turns, as they are sent back. */
  readonly headers: readonly string[]
}

/** Ids that callers send are echoed when they are harmless to print: visible ASCII but for quotes, `<`, `>`, `&`, `\`; blanks between. */
const harmless = /^(?=\S)[\w .:;,@=+/|~!#$%*?^(){}[\]-]{1,128}(?<=\S)$/

function sent({ headers }: Asked, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' && harmless.test(value) ? value : undefined
}

/**
 * The ids of a request as Azure ML's inference server tells them: `x-ms-request-id` is what was sent as such, as
 * `x-ms-client-request-id`, as `x-request-id`, or a fresh one; the others are sent back, and `x-request-id` always is.
 */
export function requestIds(request: Asked): RequestIds {
  const legacy = sent(request, 'x-ms-request-id')
  const client = sent(request, 'x-ms-client-request-id') ?? legacy
  const own = sent(request, 'x-request-id')
  const id = legacy ?? client ?? own ?? randomUUID()
  const headers = ['x-ms-request-id', id, 'x-request-id', own ?? id]
  if (client !== undefined) headers.push('x-ms-client-request-id', client)
  const trace = sent(request, 'traceid')
  if (trace !== undefined) headers.push('traceid', trace)
  return { id, headers }
}
