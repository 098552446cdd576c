import { editDistance } from '@hagane/contract'
import { expect, it } from 'vitest'
import { didYouMean, nearest } from './nearest.ts'

it.each([
  ['job', 'job', 0],
  ['jbo', 'job', 1],
  ['jobs', 'job', 1],
  ['', 'job', 3],
  ['kitten', 'sitting', 3],
])('counts the edits between %s and %s as %i', (from, to, edits) => {
  expect(editDistance(from, to)).toBe(edits)
  expect(editDistance(to, from)).toBe(edits)
})

it('offers what is near, nearest first, and nothing for what is far', () => {
  expect(nearest('modl', ['model', 'mode', 'job'])).toEqual(['model', 'mode'])
  expect(nearest('env', ['environment', 'event'])).toContain('environment')
  expect(nearest('xyzzy', ['model', 'job'])).toEqual([])
})

it('falls back to a general hint', () => {
  expect(didYouMean('xyzzy', ['job'], 'see --help')).toBe('see --help')
  expect(didYouMean('jbo', ['job'], 'see --help')).toBe('did you mean job?')
})
