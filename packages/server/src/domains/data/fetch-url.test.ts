import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isPrivateAddress } from '../../kernel/outgoing/index.ts'
import { openUrl } from './fetch-url.ts'

describe('isPrivateAddress', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '0.0.0.0',
    '100.64.0.1',
    '224.0.0.1',
    '::1',
    '::',
    'fd00::1',
    'fe80::1',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
  ])('holds %s private', address => expect(isPrivateAddress(address)).toBe(true))
  it.each(['8.8.8.8', '172.32.0.1', '2001:4860:4860::8888', '::ffff:8.8.8.8'])('holds %s public', address =>
    expect(isPrivateAddress(address)).toBe(false),
  )
})

describe('openUrl', () => {
  const server = createServer((request, response) => {
    if (request.url === '/loop') return response.writeHead(302, { location: '/loop' }).end()
    if (request.url === '/away') return response.writeHead(302, { location: 'file:///etc/passwd' }).end()
    if (request.url === '/missing') return response.writeHead(404).end()
    if (request.url === '/moved') return response.writeHead(301, { location: '/iris.csv' }).end()
    return response.end('a,b\n1,2\n')
  })
  let base = ''
  beforeAll(async () => {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  })
  afterAll(() => server.close())

  it('reads a file and its name, through a redirect', async () => {
    const { stream, fileName } = await openUrl(`${base}/moved`, true)
    expect([await text(stream), fileName]).toEqual(['a,b\n1,2\n', 'iris.csv'])
  })
  it.each([
    ['a private address', () => `${base}/iris.csv`, false],
    ['a name that leads to one', () => base.replace('127.0.0.1', 'localhost'), false],
    ['a private address in another spelling', () => base.replace('127.0.0.1', '0x7f000001'), false],
    ['IPv6 loopback', () => base.replace('127.0.0.1', '[::1]'), false],
    ['another scheme', () => 'ftp://example.com/x', true],
    ['a redirect to another scheme', () => `${base}/away`, true],
    ['a circle of redirects', () => `${base}/loop`, true],
    ['what is not there', () => `${base}/missing`, true],
    ['a password in the address', () => base.replace('//', '//u:p@'), true],
  ])('refuses %s', async (_what, url, allowPrivate) => {
    await expect(openUrl(url(), allowPrivate)).rejects.toMatchObject({ kind: 'invalid' })
  })
})
