import { describe, expect, it } from 'vitest'
import { pictureOf } from './picture.ts'
import { weightedOf } from './weighted.ts'

const of = (...numbers: number[]) => weightedOf(Float64Array.from(numbers).sort())
const sum = (shares: readonly number[] = []) => shares.reduce((total, share) => total + share, 0)

describe('the picture of two samples', () => {
  it('has the same bins for both, and every number is in one of them', () => {
    const numbers = Array.from({ length: 999 }, (_, i) => i)
    const picture = pictureOf(of(...numbers, 1e9), of(...numbers.map(n => n + 500)))
    expect(picture?.edges).toHaveLength(31)
    expect([picture?.edges[0], picture?.edges[30]]).toEqual([4, expect.closeTo(1494)])
    expect([sum(picture?.reference), sum(picture?.current)]).toEqual([expect.closeTo(1), expect.closeTo(1)])
    expect(picture?.reference.at(-1)).toBe(0.001)
    expect(picture?.current[0]).toBe(0)
  })
  it('shows a constant in the middle, and nothing where a side is empty', () => {
    const picture = pictureOf(of(7, 7), of(7))
    expect([picture?.reference[15], picture?.current[15]]).toEqual([1, 1])
    expect(pictureOf(of(), of(1))).toBeUndefined()
  })
})
