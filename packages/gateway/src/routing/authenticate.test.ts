import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { Credentials } from './authenticate.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const credentials = new Credentials({
  key_hashes: [sha256('primary'), sha256('secondary')],
  token_hashes: [
    { sha256: sha256('fresh'), expires_at: '2999-01-01T00:00:00.000Z' },
    { sha256: sha256('stale'), expires_at: '2000-01-01T00:00:00.000Z' },
  ],
})

test('both keys and a token that is still valid are accepted, whatever the case of the scheme', () => {
  for (const header of ['Bearer primary', 'bearer secondary', 'Bearer fresh']) credentials.check(header)
})

test.each([
  ['no header', undefined, /no credentials/],
  ['another scheme', 'Basic primary', /not of the form/],
  ['a wrong key', 'Bearer primaryx', /not accepted/],
  ['a token that is over', 'Bearer stale', /expired/],
])('%s is refused', (_, header, message) => {
  expect(() => credentials.check(header)).toThrow(message)
})
