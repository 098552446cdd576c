import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createSocketServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { poster } from './post.ts'

const MEGABYTES = 100
const { post, close } = poster(true)
const followed: string[] = []
const given = new Set<Socket>()
let server: Server
let closed: Promise<unknown>
let base: string

/** A receiver of every bad kind, by path; it is real, and so is what is sent to it. */
beforeAll(async () => {
  server = createServer((request, response) => {
    const [, kind = '', status = '200'] = (request.url ?? '').split('/')
    closed = once(response, 'close')
    if (kind === 'redirect') response.writeHead(307, { location: `${base}/followed` }).end()
    else if (kind === 'followed') followed.push(kind)
    else if (kind === 'huge') {
      response.writeHead(Number(status))
      const piece = Buffer.alloc(2 ** 20, 'x')
      let left = MEGABYTES
      const more = () => {
        while (left-- > 0) if (!response.write(piece)) return
        response.end()
      }
      response.on('drain', more)
      more()
    } else if (kind === 'later') response.writeHead(503, { 'retry-after': decodeURIComponent(status) }).end('busy')
    else if (kind === 'broken') {
      response.writeHead(200, { 'content-length': '1000' }).write('half')
      response.socket?.destroySoon()
    } else if (kind === 'hangs-up') request.socket.destroy()
    else if (kind === 'ok') response.writeHead(Number(status)).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  await close()
  for (const socket of given) socket.destroy()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

const to = (url: string, timeoutMs = 60_000) =>
  post({ url, headers: { 'content-type': 'text/plain' }, body: 'x', timeoutMs })

/** A server of bytes alone: `say` gets each connection. */
async function raw(say: (socket: Socket) => void): Promise<{ url: string; stop: () => void }> {
  const listening = createSocketServer(socket => {
    given.add(socket)
    socket.on('error', () => undefined)
    say(socket)
  })
  await once(listening.listen(0, '127.0.0.1'), 'listening')
  return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, stop: () => void listening.close() }
}

describe('a posting', () => {
  it('tells the status of an answer', async () => {
    expect(await to(`${base}/ok/204`)).toMatchObject({ status: 204, ms: expect.any(Number) })
    expect(await to(`${base}/ok/410`)).toMatchObject({ status: 410, error: 'answered 410' })
  })

  it('is taken, however much a receiver then talks: the rest is not read', async () => {
    expect(await to(`${base}/huge/200`)).toMatchObject({ status: 200 })
    await closed
    const refused = await to(`${base}/huge/500`)
    expect(refused).toMatchObject({ status: 500, error: 'answered 500', excerpt: 'x'.repeat(300) })
    await closed
  })

  it('does not go where a redirect leads', async () => {
    const { status, error } = await to(`${base}/redirect`)
    expect({ status, error }).toEqual({
      status: 307,
      error: `answered 307: it redirects to ${base}/followed, which is not followed`,
    })
    expect(followed).toEqual([])
  })

  it('waits as long as a receiver asks, in seconds or until a date', async () => {
    expect((await to(`${base}/later/120`)).retryAfter).toBe(120)
    const date = new Date(Date.now() + 3_600_000).toUTCString()
    const { retryAfter = 0 } = await to(`${base}/later/${encodeURIComponent(date)}`)
    expect(retryAfter).toBeGreaterThan(0)
    expect(retryAfter).toBeLessThanOrEqual(3600)
    expect((await to(`${base}/later/soon`)).retryAfter).toBeUndefined()
  })

  it.each([
    ['never answers', () => undefined],
    [
      'drips its answer byte by byte',
      (socket: Socket) => {
        const answer = `HTTP/1.1 200 OK\r\nx-long: ${'y'.repeat(10_000)}`
        let at = 0
        setInterval(() => socket.write(answer.charAt(at++)), 5).unref()
      },
    ],
    [
      'drips headers without end',
      (socket: Socket) => {
        socket.write('HTTP/1.1 200 OK\r\n')
        setInterval(() => socket.write('x: y\r\n'), 5).unref()
      },
    ],
  ])('to a receiver that %s ends, and says why', async (_, say) => {
    const { url, stop } = await raw(say)
    expect((await to(url, 100)).error).toBe('no complete answer within 0.1 s')
    stop()
  })

  it.each([
    ['hangs up', () => `${base}/hangs-up`, /other side closed|ECONNRESET|socket hang up/],
    ['breaks off', () => `${base}/broken`, /other side closed|terminated|ECONNRESET/],
    ['does not speak TLS', () => base.replace('http:', 'https:'), /ssl|tls|wrong version/i],
    ['is not there', () => 'http://127.0.0.1:1/', /ECONNREFUSED/],
    ['has no such name', () => 'http://nowhere.invalid/', /ENOTFOUND|EAI_AGAIN/],
  ])('to a receiver that %s fails, and says why', async (_, url, why) => {
    const answer = await to(url())
    expect(answer.status).toBeUndefined()
    expect(answer.error).toMatch(why)
  })

  it('to garbage fails, and says why', async () => {
    const { url, stop } = await raw(socket => void socket.end('220 mail.example ESMTP\r\n'))
    expect((await to(url)).error).toMatch(/HPE_|Parse|Expected HTTP/i)
    stop()
  })
})
