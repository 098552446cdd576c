import { describe, expect, it } from 'vitest'
import { findCycle } from './edges.ts'

const chain = (n: number) =>
  Object.fromEntries(Array.from({ length: n }, (_, i) => [`n${i}`, { after: i === 0 ? [] : [`n${i - 1}`] }]))

describe('findCycle', () => {
  it('finds none in a long chain', () => expect(findCycle(chain(20_000))).toBeUndefined())
  it('names the nodes of a cycle in order, the first again at the end', () => {
    const nodes = {
      start: { after: [] },
      a: { after: ['c', 'start'] },
      b: { after: ['a'] },
      c: { after: ['b'] },
      tail: { after: ['c'] },
    }
    const cycle = findCycle(nodes) ?? []
    expect(cycle[0]).toBe(cycle.at(-1))
    expect(new Set(cycle)).toEqual(new Set(['a', 'b', 'c']))
  })
  it('finds a node that waits for itself', () => expect(findCycle({ a: { after: ['a'] } })).toEqual(['a', 'a']))
})
