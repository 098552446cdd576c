import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { HaganeError } from '@hagane/contract'
import { keepAliveTimeout, PlainConnection, type PlainLane, type PlainSide } from './plain-connection.ts'
import { followKeyPair, readKeyPair, type TlsFiles } from './tls.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** Longest time a caller may take to send its headers, and its whole request; after that Node answers 408. */
const headersTimeout = 20_000
const requestTimeout = 300_000
const unsuited = new Set(['EADDRINUSE', 'EACCES'])

/** The listening side. `close` lets open requests finish and closes each connection once it is idle. */
export class HttpServer {
  readonly #server: Server
  readonly #renewal: { stop(): void } | undefined
  readonly #plain = new Set<PlainConnection>()

  constructor(publicSide: Handler, plainSide: PlainSide, admin: Handler, tls?: TlsFiles) {
    const settings = {
      noDelay: true,
      keepAlive: true,
      headersTimeout,
      requestTimeout,
      keepAliveTimeout,
      highWaterMark: 256 * 1024,
    }
    const handle: Handler = (request, response) => {
      if (request.url?.startsWith('/admin/')) admin(request, response)
      else publicSide(request, response)
    }
    if (tls === undefined) {
      this.#server = createServer(settings, handle)
      this.#takePlain(plainSide)
      return
    }
    const server: SecureServer = createSecureServer({ ...settings, ...readKeyPair(tls) }, handle)
    this.#renewal = followKeyPair(tls, pair => server.setSecureContext(pair))
    this.#server = server
  }

  /** Every connection begins in the plain lane; node:http, which listened first, has those that are handed over. */
  #takePlain(side: PlainSide): void {
    const server = this.#server
    const others = server.listeners('connection')
    server.removeAllListeners('connection')
    const lane: PlainLane = {
      ...side,
      handOver(socket, sent) {
        for (const listener of others) listener.call(server, socket)
        socket.emit('data', sent)
      },
      left: connection => this.#plain.delete(connection),
    }
    server.on('connection', (socket: Socket) => this.#plain.add(new PlainConnection(socket, lane)))
  }

  /** Resolves to the port. With `otherwise`, a port that is taken is replaced by a free one. */
  async listen(host: string, port: number, otherwise: boolean): Promise<number> {
    try {
      return await this.#listen(host, port)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (otherwise && port !== 0 && unsuited.has(code ?? '')) return this.#listen(host, 0)
      throw new HaganeError('conflict', `cannot listen on ${host}:${port}: ${message}`, {
        hint: 'choose another --port, or 0 for a free one',
      })
    }
  }

  /** How many connections are open. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) =>
      this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
    )
  }

  close(): Promise<void> {
    this.#renewal?.stop()
    for (const connection of this.#plain) connection.close()
    return new Promise(resolve => {
      const idle = setInterval(() => this.#server.closeIdleConnections(), 20)
      this.#server.close(() => {
        clearInterval(idle)
        resolve()
      })
    })
  }

  #listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        resolve((this.#server.address() as AddressInfo).port)
      })
    })
  }
}
