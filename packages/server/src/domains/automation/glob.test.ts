import { expect, it } from 'vitest'
import { matchesGlob } from './glob.ts'

it.each([
  ['main', 'main', true],
  ['main', 'mains', false],
  ['release/*', 'release/1.2', true],
  ['release/*', 'release/1/2', false],
  ['release/**', 'release/1/2', true],
  ['v*', 'v1.2.3', true],
  ['v*', 'w1', false],
  ['src/**/*.py', 'src/a/b/train.py', true],
  ['src/*.py', 'src/a/b.py', false],
  ['**', 'anything/at/all', true],
  ['*', '', true],
  ['v?', 'v日', true],
  ['v?', 'v', false],
  ['a.c', 'abc', false],
  ['日本/*', '日本/語', true],
])('%s takes %s: %s', (glob, text, takes) => {
  expect(matchesGlob(glob, text)).toBe(takes)
})

it('takes no longer for a pattern made to be slow', () => {
  expect(matchesGlob('**a'.repeat(90), 'a'.repeat(400).concat('b'))).toBe(false)
})
