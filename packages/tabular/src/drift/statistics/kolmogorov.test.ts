import { expect, it } from 'vitest'
import { oneSidedTail } from './kolmogorov.ts'

it.each([10_000, 50_000, 100_000])('of %d values every 16th term of a tail says the sum of all', n => {
  for (const square of [2.2, 3, 10, 100]) {
    const x = Math.sqrt(square / n)
    const [all, thinned] = [oneSidedTail(n, x, 1), oneSidedTail(n, x)]
    expect(Math.abs(all - thinned) / all).toBeLessThan(1e-11)
  }
})
