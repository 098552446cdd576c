import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { collector, surroundingsOf } from '../testing/run-cli.ts'
import { byteText, progressBar } from './progress.ts'
import { harmless, hasColours } from './terminal.ts'

describe('a progress bar', () => {
  function bar(terminal: boolean, quiet = false) {
    const stderr = collector(terminal)
    const surroundings = surroundingsOf({ env: { NO_COLOR: '1' } }, collector(terminal), stderr)
    return { stderr, progress: progressBar('uploading', 2000, surroundings, quiet) }
  }

  it('shows share and total on one line of a terminal, and takes itself away', () => {
    const { stderr, progress } = bar(true)
    progress.advance(1000)
    expect(stripVTControlCharacters(stderr.text)).toContain('50% of 2.0 kB')
    progress.done()
    expect(stderr.text.endsWith('\r\u001b[K')).toBe(true)
    expect(stderr.text).not.toContain('\n')
  })

  it('is silent where nobody looks', () => {
    for (const { stderr, progress } of [bar(false), bar(true, true)]) {
      progress.advance(1000)
      progress.done()
      expect(stderr.text).toBe('')
    }
  })
})

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [1_234_567, '1.2 MB'],
  [5e15, '5000.0 TB'],
])('%i bytes are %s for people', (bytes, expected) => {
  expect(byteText(bytes)).toBe(expected)
})

it.each([
  ['a\u001b[31mred\u001b[0m', 'ared'],
  ['a\u001b]0;title\u0007b', 'ab'],
  ['back\bspace\r', 'backspace'],
  ['tab\tand\nline', 'tab\tand\nline'],
  ['日本語 é', '日本語 é'],
])('%j is printed as %j', (text, expected) => {
  expect(harmless(text)).toBe(expected)
})

it('paints only on a terminal, without NO_COLOR, and not on a dumb one', () => {
  const terminal = collector(true)
  expect(hasColours(terminal, {})).toBe(true)
  expect(hasColours(terminal, { NO_COLOR: '' })).toBe(true)
  expect(hasColours(terminal, { NO_COLOR: '1' })).toBe(false)
  expect(hasColours(terminal, { TERM: 'dumb' })).toBe(false)
  expect(hasColours(collector(false), {})).toBe(false)
})
