import { expect, test } from 'vitest'
import { BackOff } from './back-off.ts'

test('a worker that was answering comes back at once, then ever later, up to a minute', () => {
  const backOff = new BackOff()
  const waits = Array.from({ length: 10 }, () => backOff.next(1000))
  expect(waits).toEqual([0, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
})

test('a model that does not load is not tried again at once', () => {
  const backOff = new BackOff()
  expect([backOff.next(undefined), backOff.next(undefined), backOff.next(undefined)]).toEqual([500, 1000, 2000])
})

test('a long time of answering forgets earlier failures', () => {
  const backOff = new BackOff()
  for (let n = 0; n < 5; n += 1) backOff.next(undefined)
  expect(backOff.next(60_000)).toBe(0)
})
