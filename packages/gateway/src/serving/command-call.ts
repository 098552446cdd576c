import { type Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { WorkerAnswer } from './frames.ts'

export interface ForwardedCall {
  agent: Agent
  port: number
  method: string
  path: string
  headers: readonly string[]
  body: Buffer
  /** What stands before the server's own paths for callers. */
  prefix: string
  /** Longest silence in an answer that has begun. */
  idleMs: number
}

export type CallOutcome = { kind: 'answered'; answer: WorkerAnswer } | { kind: 'broken'; reason: string }

/** An answer of a known size up to this is taken whole; everything else is passed on while it comes. */
const wholeLimit = 2 ** 20

/** Headers of one connection (RFC 9110 §7.6.1); they are not passed on. */
const ofConnection = new Set(
  'connection keep-alive proxy-authenticate proxy-connection te trailer transfer-encoding upgrade host content-length expect'.split(
    ' ',
  ),
)

export const isOfConnection = (name: string): boolean => ofConnection.has(name.toLowerCase())

/**
 * Sends a request to a server on this machine; `done` is called once. A kept-alive connection that the server closed
 * just then is not an answer: the request goes out once more on a new one.
 */
export function forwardRequest(
  call: ForwardedCall,
  done: (outcome: CallOutcome) => void,
): { destroy(error: Error): void } {
  let current: ClientRequest
  let finished = false
  const finish = (outcome: CallOutcome): void => {
    if (finished) return
    finished = true
    done(outcome)
  }
  const send = (again: boolean): void => {
    const { agent, port, method, path, body } = call
    const length =
      body.length === 0 && (method === 'GET' || method === 'HEAD') ? [] : ['content-length', String(body.length)]
    const headers = ['host', `127.0.0.1:${port}`, ...call.headers, ...length]
    current = request({ agent, host: '127.0.0.1', port, method, path, headers })
    const sent = current
    sent.on('response', response => takeAnswer(call, response, finish))
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (!again && sent.reusedSocket && error.code === 'ECONNRESET') send(true)
      else finish({ kind: 'broken', reason: error.message })
    })
    sent.end(body)
  }
  send(false)
  return { destroy: error => current.destroy(error) }
}

function takeAnswer(call: ForwardedCall, response: IncomingMessage, finish: (outcome: CallOutcome) => void): void {
  const status = response.statusCode ?? 502
  const headers = passedOn(call, response.rawHeaders)
  const rows = status < 400 ? 1 : 0
  const declared = response.headers['content-length']
  const empty = call.method === 'HEAD' || status === 204 || status === 304
  if (!empty && (declared === undefined || Number(declared) > wholeLimit)) {
    response.setTimeout(call.idleMs, () => response.destroy(new Error(`silent for ${Math.round(call.idleMs)} ms`)))
    finish({ kind: 'answered', answer: { status, rows, headers, body: Buffer.alloc(0), stream: response } })
    return
  }
  const chunks: Buffer[] = []
  response.on('data', (chunk: Buffer) => chunks.push(chunk))
  response.on('end', () => finish({ kind: 'answered', answer: { status, rows, headers, body: Buffer.concat(chunks) } }))
  response.on('error', error => finish({ kind: 'broken', reason: error.message }))
}

function passedOn({ port, prefix }: ForwardedCall, raw: readonly string[]): [string, string][] {
  const headers: [string, string][] = []
  for (let at = 0; at < raw.length; at += 2) {
    const [name, value] = [raw[at] as string, raw[at + 1] as string]
    if (isOfConnection(name)) continue
    headers.push([name, name.toLowerCase() === 'location' ? belowEndpoint(value, port, prefix) : value])
  }
  return headers
}

/** A redirect to the server's own address or to a path of it leads its caller back through the endpoint. */
function belowEndpoint(location: string, port: number, prefix: string): string {
  const path = location.replace(new RegExp(`^https?://(?:127\\.0\\.0\\.1|localhost):${port}(?=/|$)`), '')
  return path.startsWith('/') && !path.startsWith('//') ? prefix + path : location
}
