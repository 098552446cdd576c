import { expect, test } from 'vitest'
import { didYouMean, nearestWord } from './nearest-word.ts'

test.each([
  ['inptus', 'inputs'],
  ['enviroment', 'environment'],
  ['Inputs', 'inputs'],
  ['input', 'inputs'],
  ['zzz', undefined],
  ['', undefined],
])('%s was probably meant to be %s', (sent, word) => {
  expect(nearestWord(sent, ['outputs', 'inputs', 'environment'])).toBe(word)
})

test('a very long word is not compared', () => {
  expect(didYouMean('x'.repeat(1_000_000), ['x'])).toBe('')
})
