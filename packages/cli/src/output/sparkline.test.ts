import { expect, test } from 'vitest'
import { measureText, sparkline } from './sparkline.ts'

test('a series is drawn from its least to its most, with blanks where nothing was measured', () => {
  expect(sparkline([0, 1, null, 7, 8])).toBe('▁▂ ██')
  expect(sparkline([5, 5, 5])).toBe('███')
  expect(sparkline([0, 0])).toBe('▁▁')
  expect(sparkline([null, null])).toBe('  ')
  expect(sparkline([])).toBe('')
})

test('a long series keeps its peaks', () => {
  const values = Array.from({ length: 1000 }, (_, at) => (at === 503 ? 9 : 1))
  const drawn = sparkline(values)
  expect([...drawn].length).toBe(40)
  expect([...drawn].filter(bar => bar === '█').length).toBe(1)
})

test.each([
  [0.0123, 's', '12.3 ms'],
  [2.5, 's', '2.5 s'],
  [128_000_000, 'By', '128 MB'],
  [0, 'By', '0 B'],
  [12.345, '{request}/s', '12.35 request/s'],
  [123_456, '{request}', '123456 request'],
  [0.04, '1', '0.04'],
  [null, 's', ''],
])('%j in %s is %s', (value, unit, text) => {
  expect(measureText(value, unit)).toBe(text)
})
