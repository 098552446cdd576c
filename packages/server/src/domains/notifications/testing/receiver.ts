import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The subject of the event, where the body tells it. */
  readonly subject: string
}

export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly received: Received[]
  /** The most that were in hand at the same time for one delivery id. */
  readonly mostAtOnce: () => number
  /** How what comes from now on is answered; the default is 204. */
  answer(how: (request: Received, response: ServerResponse) => void): void
  /** Waits for so many that satisfy a condition. */
  until(count: number, which?: (one: Received) => boolean): Promise<Received[]>
}

/** A real HTTP server that keeps what it is sent. */
export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = []
  const inHand = new Map<string, number>()
  let most = 0
  let how: (request: Received, response: ServerResponse) => void = (_, response) => response.writeHead(204).end()
  const waiting = new Set<() => void>()
  const server = createServer(async (request, response) => {
    const one = await read(request)
    const id = String(one.headers['webhook-id'])
    inHand.set(id, (inHand.get(id) ?? 0) + 1)
    most = Math.max(most, inHand.get(id) ?? 0)
    response.once('close', () => inHand.set(id, (inHand.get(id) ?? 1) - 1))
    received.push(one)
    how(one, response)
    for (const look of waiting) look()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    mostAtOnce: () => most,
    answer: answering => {
      how = answering
    },
    until: (count, which = () => true) =>
      new Promise(resolve => {
        const look = () => {
          const found = received.filter(which)
          if (found.length < count) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

async function read(request: IncomingMessage): Promise<Received> {
  const body = await text(request)
  const subject = String(request.headers['ce-subject'] ?? /"subject":"([^"]*)"/.exec(body)?.[1] ?? '')
  return { path: request.url ?? '', headers: request.headers, body, subject }
}
