import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { Socket } from 'node:net'

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void

export interface InjectedCall {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: Buffer
  /** Address of the caller. */
  readonly remoteAddress: string
}

export interface InjectedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/**
 * Hands a call that came by another transport to the handler of HTTP requests, so that keys, limits, routing, records
 * and traces are the same for both. Resolves to the whole answer, rejects when the answer breaks off; `abort` tells the
 * handler that the caller has gone.
 */
export function inject(handler: HttpHandler, call: InjectedCall, abort: AbortSignal): Promise<InjectedAnswer> {
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: call.remoteAddress })
  const request = new IncomingMessage(socket)
  request.method = call.method
  request.url = call.url
  request.headers = { ...call.headers, 'content-length': String(call.body.length) }
  request.rawHeaders = Object.entries(request.headers).flat() as string[]
  return new Promise((resolve, reject) => {
    const response = new CapturedResponse(request, resolve)
    response.on('close', () => reject(new Error('the answer broke off')))
    abort.addEventListener('abort', () => response.destroy())
    handler(request, response)
    request.push(call.body)
    request.push(null)
  })
}

/** A response that is written nowhere. */
class CapturedResponse extends ServerResponse {
  readonly #done: (answer: InjectedAnswer) => void
  readonly #parts: Buffer[] = []
  readonly #headers: Record<string, string> = {}

  constructor(request: IncomingMessage, done: (answer: InjectedAnswer) => void) {
    super(request)
    this.#done = done
  }

  override writeHead(status: number, ...rest: unknown[]): this {
    this.statusCode = status
    const headers = rest.at(-1) as string[] | OutgoingHttpHeaders | undefined
    const pairs = Array.isArray(headers) ? headers : Object.entries(headers ?? {}).flat()
    for (let at = 0; at < pairs.length; at += 2) this.#headers[String(pairs[at]).toLowerCase()] = String(pairs[at + 1])
    return this
  }

  override flushHeaders(): void {
    // There is nothing to flush to.
  }

  override write(chunk: Buffer | string, ...rest: unknown[]): boolean {
    this.#parts.push(typeof chunk === 'string' ? Buffer.from(chunk, rest[0] as BufferEncoding) : Buffer.from(chunk))
    return true
  }

  /** Without a socket nobody else says that it is closed. */
  override destroy(error?: Error): this {
    if (this.destroyed) return this
    super.destroy(error)
    this.emit('close')
    return this
  }

  override end(...all: unknown[]): this {
    const [chunk, encoding] = all
    if (chunk instanceof Uint8Array || typeof chunk === 'string') this.write(chunk as Buffer, encoding)
    this.#done({ status: this.statusCode, headers: this.#headers, body: Buffer.concat(this.#parts) })
    return this
  }
}
