import { describe, expect, it } from 'vitest'
import { readPlainHead } from './plain-head.ts'

const head = (...lines: string[]): string => ['POST /endpoints/e/score HTTP/1.1', 'Host: h', ...lines].join('\r\n')
const plain = head('content-length: 2')

describe('a head that can be read in only one way', () => {
  it('is read', () => {
    expect(readPlainHead(head('Content-Length: 2', 'X-Empty:', 'Accept:\t a, b ', 'Connection: Keep-Alive'))).toEqual({
      url: '/endpoints/e/score',
      headers: { host: 'h', 'content-length': '2', 'x-empty': '', accept: 'a, b', connection: 'Keep-Alive' },
      rawHeaders: ['Host', 'h', 'Content-Length', '2', 'X-Empty', '', 'Accept', 'a, b', 'Connection', 'Keep-Alive'],
      bodyLength: 2,
    })
  })
})

describe('what leaves room for opinion is not read:', () => {
  it.each([
    ['another method', plain.replace('POST', 'GET')],
    ['an older version', plain.replace('1.1', '1.0')],
    ['an address in full', plain.replace('/endpoints', 'http://h/endpoints')],
    ['a blank in the address', plain.replace('/score', '/sc ore')],
    ['a byte beyond ASCII in the address', plain.replace('/score', '/sc\xf6re')],
    ['no host', 'POST / HTTP/1.1\r\ncontent-length: 2'],
    ['an empty host', plain.replace('Host: h', 'Host:')],
    ['no length', head()],
    ['two lengths', head('content-length: 2', 'Content-Length: 3')],
    ['the same length twice', head('content-length: 2', 'content-length: 2')],
    ['a list of lengths', head('content-length: 2, 2')],
    ['a signed length', head('content-length: +2')],
    ['a length in hexadecimal', head('content-length: 0x2')],
    ['a length beyond counting', head('content-length: 12345678901')],
    ['a transfer coding', head('content-length: 2', 'transfer-encoding: chunked')],
    ['an expectation', head('content-length: 2', 'expect: 100-continue')],
    ['an upgrade', head('content-length: 2', 'upgrade: websocket')],
    ['a connection that is to end', head('content-length: 2', 'connection: close')],
    ['a list for the connection', head('content-length: 2', 'connection: keep-alive, upgrade')],
    ['a web page', head('content-length: 2', 'origin: https://page')],
    ['a blank before the colon', head('content-length : 2')],
    ['a folded line', head('x: a', ' b', 'content-length: 2')],
    ['a bare line feed', head('x: a\ncontent-length: 2')],
    ['a bare carriage return', head('x: a\rcontent-length: 2')],
    ['a zero byte', head('x: a\0b', 'content-length: 2')],
    ['a byte beyond ASCII', head('x: \xe4', 'content-length: 2')],
    ['no colon', head('x', 'content-length: 2')],
    ['an empty name', head(': x', 'content-length: 2')],
    ['an underscore, which some take for a dash', head('content_length: 9', 'content-length: 2')],
    ['the name of a prototype', head('__proto__: x', 'content-length: 2')],
  ])('%s', (_, text) => {
    expect(readPlainHead(text)).toBeUndefined()
  })
})
