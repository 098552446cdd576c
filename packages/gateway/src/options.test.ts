import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

test('the folder is all that is needed', () => {
  expect(readOptions(['--dir', '/d'])).toEqual({ dir: '/d', host: '127.0.0.1', port: 0, maxBody: 67_108_864 })
})

test.each([
  [[], /--dir is missing/],
  [['--dir', 'd', '--port', 'x'], /--port must be a whole number from 0 to 65535, found 'x'/],
  [['--dir', 'd', '--prot', '1'], /--prot/],
])('%j is refused with the reason', (args, message) => {
  expect(() => readOptions(args)).toThrow(message)
})

test('a certificate without its key is refused', () => {
  expect(() => readOptions(['--dir', '/d', '--tls-cert', 'c.pem'])).toThrow('belong together')
})
