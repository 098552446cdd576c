import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isGivenUp, pauseAfter } from './backoff.ts'
import { Fifo } from './fifo.ts'
import { type Item, Lanes } from './lanes.ts'

const item = (seq: number, subject: string, more: Partial<Item> = {}): Item => ({
  ...{ seq, subject, eventId: `e${seq}`, type: 't', event: undefined },
  ...{ passed: false, attempts: 0, firstAt: undefined, dueAt: 0 },
  ...more,
})

describe('lanes', () => {
  it('give one of a subject at a time, and others beside it', () => {
    const lanes = new Lanes()
    const [a1, a2, b1] = [item(1, 'a'), item(2, 'a'), item(3, 'b')]
    for (const one of [a1, a2, b1]) lanes.add(one)
    expect([lanes.take(), lanes.take(), lanes.take()]).toEqual([a1, b1, undefined])
    lanes.done(a1)
    expect(lanes.take()).toBe(a2)
    expect(lanes.size).toBe(2)
  })

  it('hold back what stands behind a failure until that is done, and nothing else', () => {
    const lanes = new Lanes()
    const [a1, a2, b1] = [item(1, 'a'), item(2, 'a'), item(3, 'b')]
    for (const one of [a1, a2, b1]) lanes.add(one)
    lanes.take()
    a1.attempts = 1
    expect(lanes.add(item(4, 'a'))).toBe(false)
    Object.assign(a1, { attempts: 1, dueAt: 100, passed: true })
    expect(lanes.delay(a1).map(one => one.seq)).toEqual([2, 4])
    expect(lanes.add(item(5, 'a'))).toBe(true)
    expect(lanes.take()).toBe(b1)
    lanes.ripen(99)
    expect(lanes.take()).toBeUndefined()
    lanes.ripen(100)
    expect(lanes.take()).toBe(a1)
  })

  it('are not stopped for longer than an hour by a clock that was set back', () => {
    const lanes = new Lanes()
    lanes.add(item(1, 'a', { attempts: 1, dueAt: 10 * 86_400_000 }))
    lanes.ripen(0)
    expect(lanes.take()).toBeUndefined()
    lanes.ripen(3_600_000)
    expect(lanes.take()?.seq).toBe(1)
  })

  it('probe with the longest overdue that failed before, and with a fresh one only where none did', () => {
    const lanes = new Lanes()
    lanes.add(item(1, 'fresh'))
    lanes.add(item(2, 'late', { attempts: 2, dueAt: 50 }))
    lanes.add(item(3, 'later', { attempts: 2, dueAt: 60 }))
    expect(lanes.probe(10)).toBeUndefined()
    expect(lanes.probe(100)?.seq).toBe(2)
    expect(lanes.probe(100)?.seq).toBe(3)
    expect(lanes.probe(100)?.seq).toBe(1)
  })

  it('give every delivery once and each subject in order, however they fail and come in', () => {
    const act = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), subject: fc.constantFrom('a', 'b', 'c') }),
      fc.record({
        kind: fc.constantFrom('take' as const, 'finish' as const, 'fail' as const),
        subject: fc.constant(''),
      }),
    )
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), acts => {
        const lanes = new Lanes()
        const [taken, finished]: [Item[], Item[]] = [[], []]
        let seq = 0
        const finish = () => {
          const one = taken.shift()
          if (one !== undefined) {
            lanes.done(one)
            finished.push(one)
          }
        }
        const take = () => {
          const one = lanes.take()
          if (one === undefined) return false
          expect(taken.some(other => other.subject === one.subject)).toBe(false)
          taken.push(one)
          return true
        }
        for (const { kind, subject } of acts) {
          if (kind === 'add') lanes.add(item(++seq, subject))
          if (kind === 'take') take()
          if (kind === 'finish') finish()
          const failed = kind === 'fail' ? taken.shift() : undefined
          if (failed !== undefined) {
            lanes.delay(failed)
            lanes.ripen(0)
          }
        }
        while (taken.length > 0 || take()) {
          while (take()) {}
          finish()
        }
        expect(finished.length).toBe(seq)
        for (const subject of ['a', 'b', 'c']) {
          const order = finished.filter(one => one.subject === subject).map(one => one.seq)
          expect(order).toEqual([...order].sort((x, y) => x - y))
        }
      }),
    )
  })
})

describe('the pause before the next try', () => {
  it.each([
    [1, 0, 5_000],
    [1, 1, 2_500],
    [2, 0, 10_000],
    [7, 0, 300_000],
    [500, 0, 300_000],
    [500, 1, 150_000],
  ])('after %i failures, with the dice at %d, is %i ms', (attempts, dice, ms) => {
    expect(pauseAfter(attempts, undefined, dice)).toBe(ms)
  })
  it('is as long as the receiver asks, up to an hour', () => {
    expect(pauseAfter(1, 120, 0)).toBe(120_000)
    expect(pauseAfter(1, 86_400, 0)).toBe(3_600_000)
  })
  it('ends after 24 hours of trying, not because a clock jumped ahead', () => {
    expect(isGivenUp(300, 0, 86_400_000)).toBe(true)
    expect(isGivenUp(300, 0, 86_399_999)).toBe(false)
    expect(isGivenUp(2, 0, 10 * 86_400_000)).toBe(false)
  })
})

it('a queue keeps its order while it is cut', () => {
  const fifo = new Fifo<number>()
  const out: number[] = []
  for (let i = 0; i < 1000; i++) {
    fifo.push(i)
    if (i % 3 > 0) out.push(fifo.shift() as number)
  }
  expect([...out, ...fifo]).toEqual(Array.from({ length: 1000 }, (_, i) => i))
  expect(fifo.size).toBe(1000 - out.length)
})
