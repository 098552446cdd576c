import { alertRuleSpec } from '@hagane/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { begin, dueAt, onEnd, onEvent, onTime, type RuleState, type Step, type Timings, timingsOf } from './machine.ts'

const timings = (more: Record<string, unknown>): Timings =>
  timingsOf(alertRuleSpec.parse({ name: 'r', on: { types: ['t'] }, ...more }))

/** Minutes at which events count, or with `!` end it; what the rule does, and when. */
function play(of: Timings, script: string, until: number): string[] {
  let state = begin(0)
  const told: string[] = []
  const take = (step: Step) => {
    state = step.state
    told.push(...step.moves.map(({ move, at }) => `${move}@${at / 60_000}`))
  }
  for (const word of script.split(' ').filter(Boolean)) {
    const at = Number.parseFloat(word) * 60_000
    take(onTime(of, state, at))
    take(word.endsWith('!') ? onEnd(state, at) : onEvent(of, state, at))
  }
  take(onTime(of, state, until * 60_000))
  return told
}

describe('a rule', () => {
  it.each([
    ['any event', {}, '1 2', ['firing@1']],
    [
      'any event, until another ends it',
      { resolve_on: { types: ['e'] } },
      '1 3! 4',
      ['firing@1', 'resolved@3', 'firing@4'],
    ],
    [
      'any event, over after a while',
      { resolve_after: '10m' },
      '1 5 30',
      ['firing@1', 'resolved@15', 'firing@30', 'resolved@40'],
    ],
    ['too few in time', { at_least: 3, within: '10m' }, '1 2 12 14', []],
    ['at most so long apart', { at_least: 3, within: '10m', resolve_on: { types: ['e'] } }, '1 5 11', ['firing@11']],
    [
      'pending first',
      { at_least: 2, within: '10m', for: '5m', resolve_on: { types: ['e'] } },
      '1 2',
      ['pending@2', 'firing@7'],
    ],
    [
      'pending, but it did not last',
      { at_least: 2, within: '4m', for: '10m' },
      '1 2',
      ['pending@2', expect.stringMatching(/^dropped@5/)],
    ],
    ['pending, ended by an event', { for: '10m', resolve_on: { types: ['e'] } }, '1 5!', ['pending@1', 'dropped@5']],
    ['absence', { absent_for: '60m' }, '', ['firing@60']],
    ['absence, ended by the event', { absent_for: '60m' }, '30 95 100', ['firing@90', 'resolved@95']],
    ['absence, pending first', { absent_for: '60m', for: '10m' }, '65', ['pending@60', 'dropped@65']],
  ])('%s', (_, more, script, expected) => {
    expect(
      play(timings(more), script, script === '' ? 61 : Number.parseFloat(script.split(' ').at(-1) ?? '0') + 20),
    ).toEqual(expected)
  })

  it('does the same whether time is looked at often or seldom', () => {
    const minute = fc.integer({ min: 0, max: 600 }).map(half => half * 30_000)
    const specs = fc.constantFrom(
      ...[
        {},
        { at_least: 3, within: '10m' },
        { at_least: 2, within: '7m', for: '3m' },
        { absent_for: '20m', for: '2m' },
        { resolve_after: '9m' },
      ],
    )
    fc.assert(
      fc.property(
        specs,
        fc.array(minute, { maxLength: 30 }),
        fc.array(minute, { maxLength: 60 }),
        (more, events, looks) => {
          const of = timings(more)
          const run = (times: number[]) => {
            let state: RuleState = begin(0)
            const moves: Step['moves'][number][] = []
            for (const at of [...times, ...events].sort((a, b) => a - b)) {
              const passed = onTime(of, state, at)
              const step =
                events.includes(at) && !times.includes(at)
                  ? onEvent(of, passed.state, at)
                  : { state: passed.state, moves: [] }
              state = step.state
              moves.push(...passed.moves, ...step.moves)
            }
            moves.push(...onTime(of, state, 400 * 60_000).moves)
            return moves
          }
          const between = looks.filter(at => !events.includes(at))
          expect(run(between)).toEqual(run([]))
        },
      ),
    )
  })

  it('never has a time before the one it came to', () => {
    const of = timings({ at_least: 2, within: '5m', for: '1m' })
    const { state } = onEvent(of, onEvent(of, begin(0), 1000).state, 2000)
    expect(dueAt(of, state)).toBe(62_000)
    expect(dueAt(of, onTime(of, state, 62_000).state)).toBe(301_001)
  })
})
