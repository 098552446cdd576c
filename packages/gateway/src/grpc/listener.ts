import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net'
import { createServer as createSecureServer } from 'node:tls'
import type { ConnectionInjector } from '@grpc/grpc-js/build/src/server.js'
import { followKeyPair, readKeyPair, type TlsFiles } from '../http/tls.ts'
import type { HttpHandler } from './inject.ts'

/**
 * The gRPC side, on a port of its own. The library is loaded with the first connection, so that who does not speak gRPC
 * pays neither time nor memory for it.
 */
export class GrpcListener {
  readonly #handler: HttpHandler
  readonly #maxBody: number
  readonly #server: NetServer
  readonly #sockets = new Set<Socket>()
  readonly #renewal: { stop(): void } | undefined
  #service: Promise<{ injector: ConnectionInjector; stop(): Promise<void> }> | undefined

  constructor(handler: HttpHandler, maxBody: number, tls?: TlsFiles) {
    this.#handler = handler
    this.#maxBody = maxBody
    if (tls === undefined) {
      this.#server = createServer(socket => this.#accept(socket))
      return
    }
    const server = createSecureServer({ ...readKeyPair(tls), ALPNProtocols: ['h2'] }, socket => this.#accept(socket))
    this.#renewal = followKeyPair(tls, pair => server.setSecureContext(pair))
    this.#server = server
  }

  /** Resolves to the port: the wanted one, or a free one where that is taken. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', error => {
        if (port === 0) reject(error)
        else this.listen(host, 0).then(resolve, reject)
      })
      this.#server.listen(port, host, () => {
        this.#server.removeAllListeners('error')
        resolve((this.#server.address() as AddressInfo).port)
      })
    })
  }

  /** Takes no new connection, answers the calls that are open, and ends. */
  async close(): Promise<void> {
    this.#renewal?.stop()
    this.#server.close()
    const service = await this.#service
    await service?.stop()
    for (const socket of this.#sockets) socket.destroy()
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.setNoDelay(true)
    socket.pause()
    this.#service ??= this.#load()
    this.#service.then(
      ({ injector }) => injector.injectConnection(socket),
      (error: unknown) => {
        console.error(error)
        socket.destroy()
      },
    )
  }

  async #load() {
    const [{ ServerCredentials }, { inferenceServer }] = await Promise.all([
      import('@grpc/grpc-js'),
      import('./service.ts'),
    ])
    const server = inferenceServer(this.#handler, this.#maxBody)
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure())
    const stop = (): Promise<void> => new Promise(resolve => server.tryShutdown(() => resolve()))
    return { injector, stop }
  }
}
