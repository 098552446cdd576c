import { expect, test } from 'vitest'
import { RateLimited, TokenBucket } from './token-bucket.ts'

const refusedAt = (bucket: TokenBucket, now: number): number | undefined => {
  try {
    bucket.take(now)
    return undefined
  } catch (error) {
    return error instanceof RateLimited ? error.retryAfterSeconds : Number.NaN
  }
}

test('lets a burst through, then the rate, and says when to come again', () => {
  const bucket = new TokenBucket({ per_second: 2, burst: 3 }, 0)
  expect([0, 0, 0, 0].map(now => refusedAt(bucket, now))).toEqual([undefined, undefined, undefined, 1])
  expect(refusedAt(bucket, 400)).toBe(1)
  expect([500, 600].map(now => refusedAt(bucket, now))).toEqual([undefined, 1])
  const slow = new TokenBucket({ per_second: 0.1, burst: 1 }, 0)
  expect([0, 0, 9000].map(now => refusedAt(slow, now))).toEqual([undefined, 10, 1])
})

test('a pause saves up no more than the burst', () => {
  const bucket = new TokenBucket({ per_second: 100, burst: 2 }, 0)
  expect([60_000, 60_000, 60_000].map(now => refusedAt(bucket, now))).toEqual([undefined, undefined, 1])
})
