import { expect, test } from 'vitest'
import { servingProperties } from './serving-properties.ts'

test.each<[string, string, object]>([
  ['hagane.rate_limit', '100/s', { rate_limit: { per_second: 100, burst: 100 } }],
  ['hagane.rate_limit', '600/m, burst 5', { rate_limit: { per_second: 10, burst: 5 } }],
  ['hagane.rate_limit', '0.5/s', { rate_limit: { per_second: 0.5, burst: 1 } }],
  ['hagane.sticky', 'header:x-user', { sticky: 'header:x-user' }],
  ['hagane.sticky', 'body', { sticky: 'body' }],
  ['hagane.cors_origins', 'https://a.example, http://b:8080', { cors_origins: ['https://a.example', 'http://b:8080'] }],
  ['hagane.cors_origins', '*', { cors_origins: ['*'] }],
  ['hagane.local', 'true', { local: true }],
  ['hagane.local', 'false', {}],
  ['team', 'anything', {}],
])('%s: %s', (name, text, expected) => {
  expect(servingProperties({ [name]: text })).toEqual(expected)
})

test.each([
  ['hagane.rate_limit', 'fast'],
  ['hagane.rate_limit', '0/s'],
  ['hagane.rate_limit', '5/s, burst 0'],
  ['hagane.sticky', 'header:'],
  ['hagane.sticky', 'ip'],
  ['hagane.cors_origins', 'app.example.com'],
  ['hagane.local', 'yes'],
  ['hagane.stiky', 'body'],
])('%s: %s is refused with what is allowed', (name, text) => {
  expect(() => servingProperties({ [name]: text })).toThrow(`properties.${name}`)
})
