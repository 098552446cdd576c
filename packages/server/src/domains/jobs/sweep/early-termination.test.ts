import type { EarlyTermination } from '@hagane/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bestOf, type Goal, intervalsDue, type TrialHistory, verdict } from './early-termination.ts'

const bandit = (more: object): EarlyTermination => ({ type: 'bandit', ...more })
const trial = (name: string, values: number[], finished = false): TrialHistory => ({ trial: name, values, finished })
const stops = (policy: EarlyTermination, goal: Goal, all: TrialHistory[], name: string, interval: number): boolean =>
  verdict(policy, goal, all, name, interval) !== undefined
const flat = (value: number, count: number): number[] => Array.from({ length: count }, () => value)

describe('intervals', () => {
  it.each<[object, number, number, number[]]>([
    [{}, 3, 0, [1, 2, 3]],
    [{}, 3, 2, [3]],
    [{}, 3, 3, []],
    [{ evaluation_interval: 0 }, 2, 0, [1, 2]],
    [{ evaluation_interval: 2 }, 5, 0, [2, 4]],
    [{ evaluation_interval: 2, delay_evaluation: 3 }, 7, 0, [4, 6]],
    [{ evaluation_interval: 1, delay_evaluation: 5 }, 6, 0, [5, 6]],
    [{ evaluation_interval: 100, delay_evaluation: 200 }, 250, 0, [200]],
    [{ delay_evaluation: 5 }, 4, 0, []],
  ])('of %j with %d values, %d seen, are %j', (more, count, seen, due) =>
    expect(intervalsDue(bandit(more), count, seen)).toEqual(due),
  )
})

describe('bandit', () => {
  it.each([
    [0.66, true],
    [0.667, false],
  ])("stops below 0.8/(1+0.2), Azure's own example: %d %s", (value, stopped) => {
    const all = [trial('best', flat(0.8, 10)), trial('x', flat(value, 10))]
    expect(stops(bandit({ slack_factor: 0.2 }), 'maximize', all, 'x', 10)).toBe(stopped)
  })
  it.each([
    [0.59, true],
    [0.61, false],
  ])('stops further than slack_amount 0.2 from the best 0.8: %d %s', (value, stopped) => {
    const all = [trial('best', flat(0.8, 10)), trial('x', flat(value, 10))]
    expect(stops(bandit({ slack_amount: 0.2 }), 'maximize', all, 'x', 10)).toBe(stopped)
  })
  it('minimizes with the slack on the other side', () => {
    const all = [trial('best', [1]), trial('in', [1.19]), trial('out', [1.21])]
    expect(['in', 'out'].map(name => stops(bandit({ slack_factor: 0.2 }), 'minimize', all, name, 1))).toEqual([
      false,
      true,
    ])
  })
  it('takes the best value of a trial so far, not its last', () => {
    const all = [trial('best', [0.8, 0.8]), trial('x', [0.79, 0.1])]
    expect(stops(bandit({ slack_amount: 0.05 }), 'maximize', all, 'x', 2)).toBe(false)
  })
  it('compares at the same interval: what the best reached later does not count', () => {
    const all = [trial('old', [0.5, 0.6, 0.99]), trial('young', [0.5])]
    expect(stops(bandit({ slack_amount: 0.1 }), 'maximize', all, 'young', 1)).toBe(false)
  })
  it('never stops the best trial, whatever the sign and the goal', () => {
    const value = fc.double({ noNaN: true, min: -1e6, max: 1e6 })
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 8 }),
        fc.constantFrom<Goal>('minimize', 'maximize'),
        fc.double({ min: 0, max: 3, noNaN: true }),
        fc.boolean(),
        (values, goal, slack, factor) => {
          const all = values.map((one, i) => trial(`t${i}`, [one]))
          const best = bestOf(goal, values)
          const policy = bandit(factor ? { slack_factor: slack } : { slack_amount: slack })
          expect(stops(policy, goal, all, `t${values.indexOf(best ?? 0)}`, 1)).toBe(false)
        },
      ),
    )
  })
  it('says what it saw', () =>
    expect(verdict(bandit({ slack_amount: 0.1 }), 'maximize', [trial('a', [0.9]), trial('b', [0.71])], 'b', 1)).toBe(
      'stopped by bandit at interval 1: 0.71 is worse than 0.8, which the best, 0.9, and its slack allow',
    ))
  it('leaves a trial alone that has logged nothing but NaN', () =>
    expect(stops(bandit({ slack_amount: 0 }), 'maximize', [trial('a', [1]), trial('b', [Number.NaN])], 'b', 1)).toBe(
      false,
    ))
})

describe('median stopping', () => {
  const policy: EarlyTermination = { type: 'median_stopping' }
  const all = [trial('a', [1, 1]), trial('b', [0.5, 0.7]), trial('c', [0.1, 0.2])]
  it('stops what at its best is worse than the median of the running averages', () =>
    // averages at interval 2: 1, 0.6, 0.15 → median 0.6
    expect(['a', 'b', 'c'].map(name => stops(policy, 'maximize', all, name, 2))).toEqual([false, false, true]))
  it('does the mirror image when minimizing', () =>
    // a: 1 > 0.6, b: its best 0.5 is not worse
    expect(['a', 'b', 'c'].map(name => stops(policy, 'minimize', all, name, 2))).toEqual([true, false, false]))
  it('averages only trials that have reached the interval', () =>
    expect(stops(policy, 'maximize', [trial('x', [0.2, 0.2]), trial('y', [9])], 'x', 2)).toBe(false))
  it('takes the middle between two averages', () =>
    expect(stops(policy, 'maximize', [trial('x', [0.49]), trial('y', [0.51])], 'x', 1)).toBe(true))
  it('counts finished trials', () =>
    expect(
      stops(policy, 'maximize', [trial('x', [0.4]), trial('y', [0.9], true), trial('z', [0.8], true)], 'x', 1),
    ).toBe(true))
})

describe('truncation selection', () => {
  const policy = (more: object = {}): EarlyTermination => ({
    type: 'truncation_selection',
    truncation_percentage: 20,
    ...more,
  })
  const five = [1, 2, 3, 4, 5].map(n => trial(`t${n}`, [n]))
  it('stops the lowest share of those that reached the interval', () =>
    expect(five.map(one => stops(policy(), 'maximize', five, one.trial, 1))).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]))
  it('ranks from the other end when minimizing', () =>
    expect(five.map(one => stops(policy(), 'minimize', five, one.trial, 1))).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]))
  it('stops nobody while the share is less than one trial', () =>
    expect(stops(policy(), 'maximize', five.slice(0, 4), 't1', 1)).toBe(false))
  it('stops no one of equals that are together more than the share', () => {
    const equal = [1, 2, 3, 4, 5].map(n => trial(`t${n}`, [7]))
    expect(equal.some(one => stops(policy(), 'maximize', equal, one.trial, 1))).toBe(false)
  })
  it('leaves finished trials out of the ranking when told to', () => {
    const finished = [trial('f', [0], true), ...five]
    expect(stops(policy(), 'maximize', finished, 't1', 1)).toBe(false)
    expect(stops(policy({ exclude_finished_jobs: true }), 'maximize', finished, 't1', 1)).toBe(true)
  })
  it('ignores trials that have not come so far', () =>
    expect(stops(policy(), 'maximize', [...five, trial('young', [])], 't1', 1)).toBe(true))
})
