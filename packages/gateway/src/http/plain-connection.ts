import type { Socket } from 'node:net'
import { type PlainHead, readPlainHead } from './plain-head.ts'
import { PlainReply } from './plain-reply.ts'
import type { Target } from './target.ts'

/** A whole request; what is read of it has the names that it has in an IncomingMessage. */
export interface PlainRequest extends Pick<PlainHead, 'url' | 'headers'> {
  readonly method: 'POST'
  rawHeaders: string[]
  readonly socket: Socket
  readonly body: Buffer
}

/** Scoring requests that need no more of HTTP than the plainest part. */
export interface PlainSide {
  /** What such a request asks for; undefined where the plain lane does not answer it. */
  targetOf(head: PlainHead): Target | undefined
  handle(request: PlainRequest, reply: PlainReply, target: Target): void
}

export interface PlainLane extends PlainSide {
  /** Takes a connection over, and first what it has sent. */
  handOver(socket: Socket, sent: Buffer): void
  /** The connection is closed, or another's. */
  left(connection: PlainConnection): void
}

const endOfHead = Buffer.from('\r\n\r\n')
const mostHead = 8 * 1024
/** Bytes that wait behind a request that is being answered. */
const mostAhead = 64 * 1024
/** Pieces that a body may come in; Node has the patience, and the clock, for callers that drip. */
const mostPieces = 16
const nothing = Buffer.alloc(0)
/** How long a connection may stay open between requests. */
export const keepAliveTimeout = 75_000
/** How long the rest of a request is waited for by a gateway that is to end. */
const closingMs = 5000

/**
 * A connection whose requests are read here instead of by node:http, for as long as they are plain POSTs to a scoring
 * route that come with their length: that takes a third of the time. The first one that is not hands the connection over,
 * with everything that is not answered yet.
 */
export class PlainConnection {
  readonly #socket: Socket
  readonly #lane: PlainLane
  /** What came and is not answered: the start of a request, or what follows the one that is being answered. */
  #bytes: Buffer = nothing
  #pieces = 0
  #knownText = ''
  #known: { head: PlainHead; target: Target } | undefined
  #reply: PlainReply | undefined
  #closing = false
  /** Ended, or another's: what comes is not for here. */
  #over = false

  constructor(socket: Socket, lane: PlainLane) {
    this.#socket = socket
    this.#lane = lane
    socket.setTimeout(keepAliveTimeout)
    socket.on('data', this.#read)
    socket.on('end', this.#ended)
    socket.on('close', this.#closed)
    socket.on('timeout', this.#idle)
    socket.on('error', this.#failed)
  }

  /** Ends it now when nothing is being answered, else after that. */
  close(): void {
    this.#closing = true
    if (this.#reply !== undefined) this.#reply.shouldKeepAlive = false
    else if (this.#bytes.length === 0) this.#end()
    else this.#socket.setTimeout(closingMs)
  }

  /** The answer is out: the next request may begin. */
  #answered(isLast: boolean): void {
    this.#reply = undefined
    if (isLast) {
      this.#end()
      return
    }
    this.#socket.resume()
    if (this.#bytes.length > 0) setImmediate(this.#next)
  }

  readonly #next = (): void => {
    if (this.#reply === undefined && this.#bytes.length > 0 && !this.#over) this.#take()
  }

  #end(): void {
    this.#over = true
    this.#socket.end()
  }

  readonly #read = (chunk: Buffer): void => {
    if (this.#over) return
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    if (this.#reply === undefined) this.#take()
    else if (this.#bytes.length > mostAhead) this.#socket.pause()
  }

  #take(): void {
    const bytes = this.#bytes
    const headLength = bytes.subarray(0, mostHead).indexOf(endOfHead)
    const known = headLength < 0 ? undefined : this.#asked(bytes.toString('latin1', 0, headLength))
    if (known === undefined || this.#pieces > mostPieces) {
      this.#handOver()
      return
    }
    const { head, target } = known
    const bodyStart = headLength + endOfHead.length
    const end = bodyStart + head.bodyLength
    if (bytes.length < end) {
      this.#pieces += 1
      return
    }
    this.#bytes = bytes.length === end ? nothing : bytes.subarray(end)
    this.#pieces = 0
    const reply = new PlainReply(this.#socket, isLast => this.#answered(isLast))
    reply.shouldKeepAlive = !this.#closing
    this.#reply = reply
    const { url, headers, rawHeaders } = head
    const body = bytes.subarray(bodyStart, end)
    this.#lane.handle({ method: 'POST', url, headers, rawHeaders, socket: this.#socket, body }, reply, target)
  }

  /** Most requests of a connection have the same head. */
  #asked(text: string): { head: PlainHead; target: Target } | undefined {
    if (text === this.#knownText) return this.#known
    const head = readPlainHead(text)
    const target = head && this.#lane.targetOf(head)
    this.#knownText = text
    this.#known = head && target && { head, target }
    return this.#known
  }

  #handOver(): void {
    const socket = this.#socket
    this.#over = true
    socket.off('data', this.#read)
    socket.off('end', this.#ended)
    socket.off('close', this.#closed)
    socket.off('timeout', this.#idle)
    socket.off('error', this.#failed)
    socket.setTimeout(0)
    this.#lane.left(this)
    this.#lane.handOver(socket, this.#bytes)
  }

  /** A caller that half closes has gone, as it has for node:http. */
  readonly #ended = (): void => {
    this.#reply?.gone()
    this.#end()
  }

  readonly #closed = (): void => {
    this.#reply?.gone()
    this.#lane.left(this)
  }

  readonly #idle = (): void => {
    if (this.#reply === undefined) this.#socket.destroy()
  }

  readonly #failed = (): void => {
    this.#socket.destroy()
  }
}
