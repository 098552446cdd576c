import { describe, expect, it } from 'vitest'
import { guardHost } from './guard.ts'

const allowed = ['Hagane.example']
const pass = (host: string, origin?: string, method = 'POST') =>
  guardHost({ host, ...(origin === undefined ? {} : { origin }) }, allowed, method)

describe('guardHost', () => {
  it.each([
    '127.0.0.1',
    '127.0.0.1:7700',
    'localhost:1',
    'LOCALHOST',
    '[::1]',
    '[::1]:7700',
    '192.168.0.4',
    'hagane.EXAMPLE:80',
  ])('answers to %s', host => expect(() => pass(host)).not.toThrow())
  it.each([
    'evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    'evil:com',
    '1',
    '..',
    '[evil]',
    '0x7f.1',
    '',
    'localhost.',
    'xhagane.example',
  ])('refuses the name %j, which DNS may lead here', host =>
    expect(() => pass(host)).toThrow('does not answer to the name'),
  )
  it.each([['http://evil.example'], ['null'], ['http://localhost:2'], ['file://'], ['']])(
    'refuses a change from a page of %s',
    origin => expect(() => pass('localhost:1', origin)).toThrow('another site'),
  )
  it('takes changes from its own pages, and lets others read what their browser will not show them', () => {
    expect(() => pass('localhost:1', 'http://localhost:1')).not.toThrow()
    expect(() => pass('localhost:1', 'https://LOCALHOST:1')).not.toThrow()
    expect(() => pass('localhost:1', 'http://evil.example', 'GET')).not.toThrow()
  })
})
