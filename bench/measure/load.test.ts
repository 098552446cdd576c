import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { answerLength } from './http-answer.ts'
import { applyLoad } from './load.ts'

const servers: { close(): void }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/work`
}

describe('the load generator', () => {
  it('sends a body of its own over every connection and counts each answer', async () => {
    const bodies = new Set<string>()
    let answered = 0
    const url = await serve((request, response) => {
      let text = ''
      request.on('data', chunk => {
        text += chunk
      })
      request.on('end', () => {
        bodies.add(text)
        answered += 1
        response.end('{"ok":true}')
      })
    })
    const result = await applyLoad({ url, body: connection => `{"from":${connection}}`, connections: 3, seconds: 0.2 })
    expect(bodies).toEqual(new Set(['{"from":0}', '{"from":1}', '{"from":2}']))
    expect(result.requestsPerSecond * 0.2).toBeLessThanOrEqual(answered)
    expect(result.p50).toBeLessThanOrEqual(result.p99)
  })

  it('opens a connection again that the server closes after each answer', async () => {
    const url = await serve((_, response) => response.setHeader('connection', 'close').end('{}'))
    const result = await applyLoad({ url, body: '{}', connections: 2, seconds: 0.2 })
    expect(result.requestsPerSecond * 0.2).toBeGreaterThan(2)
  })

  it('stops with the answer when the server refuses', async () => {
    const url = await serve((_, response) => {
      response.statusCode = 429
      response.end('slow down')
    })
    await expect(applyLoad({ url, body: '{}', connections: 1, seconds: 0.2 })).rejects.toThrow('slow down')
  })
})

describe('the length of an answer', () => {
  it('is unknown until the head is whole', () => {
    expect(answerLength(Buffer.from('HTTP/1.1 200 OK\r\nContent-Le'))).toBeUndefined()
  })

  it('follows content-length', () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'
    expect(answerLength(Buffer.from(`${head}he`))).toBe(head.length + 5)
  })

  it('follows the chunks to the empty one', () => {
    const whole = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
    expect(answerLength(Buffer.from(whole))).toBe(whole.length)
    expect(answerLength(Buffer.from(whole.slice(0, -9)))).toBeUndefined()
  })
})
