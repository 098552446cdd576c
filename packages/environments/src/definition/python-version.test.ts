import { describe, expect, it } from 'vitest'
import { normalisePython, satisfiesPython } from './python-version.ts'

describe('a wanted Python', () => {
  it.each([
    ['3.10.13', '3.10', true],
    ['3.1.0', '3.10', false],
    ['3.11.0', '3.10', false],
    ['3.7.16', '3.7.11', false],
    ['3.7.11', '3.7.11', true],
    ['3.10.13', '<3.11,>=3.8', true],
    ['3.11.0', '<3.11,>=3.8', false],
    ['3.9.5', '<=3.9', true],
    ['3.9.5', '>3.9', false],
    ['3.10.0', '>3.9', true],
    ['3.9.5', '!=3.9', true],
    ['3.9.5', '~=3.8', true],
    ['3.9.5', '~=3.9.2', true],
    ['3.10.1', '~=3.9.2', false],
    ['3.12.1', '3', true],
  ])('%s for %s: %s', (have, wanted, expected) => {
    expect(satisfiesPython(have, wanted)).toBe(expected)
  })

  it.each(['three', '3.x', '>=', '3.8 || 3.9'])('that is no version is refused: %s', text => {
    expect(() => normalisePython(text, 'conda')).toThrow('is not a Python version')
  })
})
