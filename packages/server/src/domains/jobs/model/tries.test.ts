import { describe, expect, it } from 'vitest'
import { retryText, triesOf, waitBefore } from './tries.ts'

describe('a step is tried again', () => {
  it('for reasons before its command twice, and never for others, where its author says nothing', () => {
    expect([0, 1, 2].map(before => waitBefore(undefined, 'infrastructure', before))).toEqual([5, 10, undefined])
    expect(waitBefore(undefined, 'failure', 0)).toBeUndefined()
    expect(waitBefore(undefined, 'lost', 0)).toBeUndefined()
  })
  it('as often and for what its author allows, with waits that double up to ten minutes', () => {
    const retry = { max: 9, on: ['lost' as const], backoff: 4 }
    expect([0, 1, 2, 8, 9].map(before => waitBefore(retry, 'lost', before))).toEqual([4, 8, 16, 600, undefined])
    expect(waitBefore(retry, 'failure', 0)).toBeUndefined()
    expect(waitBefore(retry, 'infrastructure', 3)).toBe(32)
    expect(waitBefore({ max: 0, on: ['lost'] }, 'infrastructure', 0)).toBeUndefined()
  })
  it('after a signal where it is run again after any failure, and where only that is said', () => {
    expect(waitBefore({ max: 1, on: ['failure'] }, 'killed', 0)).toBe(5)
    expect(waitBefore({ max: 1, on: ['killed'] }, 'killed', 0)).toBe(5)
    expect(waitBefore({ max: 1, on: ['killed'] }, 'failure', 0)).toBeUndefined()
    expect(waitBefore({ max: 1, on: ['lost'] }, 'killed', 0)).toBeUndefined()
  })
  it('and says which try it is, when it comes and why', () => {
    const time = '2026-11-25T10:00:00.000Z'
    const tries = [{ attempt: 1, message: 'the command exited with code 3', of: 3, end_time: time, next_time: time }]
    expect(retryText(tries, Date.parse(time) - 3500)).toBe('try 2 of 3 in 4 s: the command exited with code 3')
    expect(retryText(tries, Date.parse(time) + 1)).toBe('try 2 of 3 now: the command exited with code 3')
    expect(retryText(triesOf({ tries: null }), 0)).toBeUndefined()
  })
})
