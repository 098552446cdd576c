import { STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http'
import type { Socket } from 'node:net'

/** What is written of an answer has the names that it has in a ServerResponse. */
export class PlainReply {
  shouldKeepAlive = true
  readonly #socket: Socket
  readonly #done: (isLast: boolean) => void
  #head = ''
  #chunked = false
  #begun = false
  #gone = false
  #listeners: (() => void)[] | undefined

  /** `done` is called when the answer is out: with `true` when the connection ends with it. */
  constructor(socket: Socket, done: (isLast: boolean) => void) {
    this.#socket = socket
    this.#done = done
  }

  get destroyed(): boolean {
    return this.#gone || this.#socket.destroyed
  }

  /** `close`: the caller has gone before the end of the answer. */
  on(_event: 'close', listener: () => void): void {
    if (this.#listeners === undefined) this.#listeners = [listener]
    else this.#listeners.push(listener)
  }

  once(_event: 'drain', listener: () => void): void {
    this.#socket.once('drain', listener)
  }

  /** Throws what node:http throws for names and values that HTTP does not allow. */
  writeHead(status: number, headers: readonly string[]): void {
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`
    this.#chunked = true
    for (let at = 0; at < headers.length; at += 2) {
      const [name, value] = [headers[at] as string, headers[at + 1] as string]
      if (!harmless.test(value) || !harmlessName.test(name)) {
        validateHeaderName(name)
        validateHeaderValue(name, value)
      }
      if (name === 'content-length') this.#chunked = false
      head += `${name}: ${value}\r\n`
    }
    this.#head = head
  }

  flushHeaders(): void {
    this.#socket.write(this.#takeHead(), 'latin1')
  }

  /** A piece of an answer without a length; false when the caller does not keep up. */
  write(chunk: Buffer): boolean {
    if (chunk.length === 0) return true
    const socket = this.#socket
    socket.cork()
    socket.write(`${this.#takeHead()}${chunk.length.toString(16)}\r\n`, 'latin1')
    socket.write(chunk)
    const keepsUp = socket.write('\r\n', 'latin1')
    socket.uncork()
    return keepsUp
  }

  end(body: string | Buffer = '', _encoding?: 'latin1'): void {
    if (this.destroyed) return
    const head = this.#takeHead()
    if (this.#chunked) this.#socket.write(`${head}0\r\n\r\n`, 'latin1')
    else if (typeof body === 'string') this.#socket.write(head + body, 'latin1')
    else {
      this.#socket.cork()
      this.#socket.write(head, 'latin1')
      this.#socket.write(body)
      this.#socket.uncork()
    }
    this.#listeners = undefined
    this.#done(!this.shouldKeepAlive)
  }

  /** Breaks off: the caller must not take what it has for the whole. */
  destroy(): void {
    this.#socket.destroy()
  }

  /** The caller has gone. */
  gone(): void {
    this.#gone = true
    const listeners = this.#listeners
    this.#listeners = undefined
    for (const listener of listeners ?? []) listener()
  }

  #takeHead(): string {
    if (this.#begun) return ''
    this.#begun = true
    const connection = this.shouldKeepAlive ? keepAlive : 'Connection: close\r\n'
    return `${this.#head}Date: ${dateNow()}\r\n${connection}${this.#chunked ? chunked : ''}\r\n`
  }
}

const harmless = /^[\x20-\x7e]*$/
const harmlessName = /^[A-Za-z0-9-]+$/
const chunked = 'Transfer-Encoding: chunked\r\n'
const keepAlive = 'Connection: keep-alive\r\nKeep-Alive: timeout=75\r\n'

let second = 0
let dateText = ''

function dateNow(): string {
  const now = Math.floor(Date.now() / 1000)
  if (now !== second) {
    second = now
    dateText = new Date(now * 1000).toUTCString()
  }
  return dateText
}
