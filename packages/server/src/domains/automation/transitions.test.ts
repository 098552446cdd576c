import { describe, expect, it } from 'vitest'
import { onEvent, type Situation, whenQuiet } from './transitions.ts'

const still: Situation = {
  limits: { max_depth: 1 },
  debounceMs: undefined,
  cooldownMs: undefined,
  now: 1_000_000,
  firedAt: null,
  inLastHour: 0,
  inChain: 0,
  held: undefined,
}

describe('an event that passes the filters of a rule', () => {
  it('fires it when nothing is against it', () => {
    expect(onEvent(still, 7)).toEqual({ do: 'fire' })
  })

  it('is a loop once the rule has fired in its chain as often as max_depth allows', () => {
    expect(onEvent({ ...still, inChain: 1 }, 7)).toMatchObject({ do: 'skip', reason: 'loop' })
    expect(onEvent({ ...still, inChain: 1, limits: { max_depth: 2 } }, 7)).toEqual({ do: 'fire' })
    expect(onEvent({ ...still, inChain: 1, debounceMs: 1000 }, 7)).toMatchObject({ reason: 'loop' })
  })

  it.each([
    [999, 'skip'],
    [1000, 'fire'],
  ])('%i ms after the last run, with a cooldown of 1 s, leads to: %s', (since, what) => {
    const situation = { ...still, cooldownMs: 1000, firedAt: still.now - since }
    expect(onEvent(situation, 7).do).toBe(what)
  })

  it.each([
    [2, 'fire'],
    [3, 'skip'],
  ])('after %i runs in an hour, with max_per_hour 3, leads to: %s', (inLastHour, what) => {
    expect(onEvent({ ...still, limits: { max_depth: 1, max_per_hour: 3 }, inLastHour }, 7).do).toBe(what)
  })

  it('is held back by debounce, each new event for as long again, but not beyond ten times its length', () => {
    const debounced = { ...still, debounceMs: 1000 }
    expect(onEvent(debounced, 7)).toEqual({
      do: 'hold',
      held: { seq: 7, count: 1, since: still.now },
      until: still.now + 1000,
    })
    const held = { seq: 8, count: 2, since: still.now - 9500 }
    expect(onEvent({ ...debounced, held }, 9)).toEqual({
      do: 'hold',
      held: { seq: 9, count: 3, since: held.since },
      until: held.since + 10_000,
    })
    expect(whenQuiet({ ...debounced, cooldownMs: 5000, firedAt: still.now - 1 })).toMatchObject({ reason: 'cooldown' })
  })
})
