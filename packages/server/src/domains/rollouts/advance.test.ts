import { rolloutSpec } from '@hagane/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advance, nextLook } from './advance.ts'
import { planOf } from './plan.ts'
import { type Command, commanded, isRefusal } from './transitions.ts'
import type { Effect, Facts, Measured, Move, RolloutState } from './types.ts'

const metric = (name: string, more = {}) => ({
  ...{ name, provider: { error_rate: {} }, successCondition: 'result < 0.1', interval: '10s', ...more },
})
const planWith = (strategy: object, more = {}) =>
  planOf(rolloutSpec.parse({ endpoint: 'e', deployment: 'green', strategy, ...more }))
const steps = [
  { setMirror: { percentage: 100 } },
  { analysis: { metrics: [metric('a', { count: 2, failureLimit: 1 })] } },
  { setWeight: 20 },
  { pause: { duration: '60s' } },
  { pause: {} },
  { setWeight: 50 },
  { analysis: { metrics: [metric('b'), metric('c', { consecutiveErrorLimit: 1 })] } },
]
const background = { startingStep: 2, metrics: [metric('bg')] }
const full = planWith({ canary: { steps, analysis: background } }, { progressDeadlineSeconds: 600 })

const pending: RolloutState = {
  ...{ phase: 'Pending', attempt: 0, round: 0, step: -1, entered: true, since: 0, weight: 0, mirror: 0 },
  ...{ skipped: [], approvals: [] },
}
const moved = (found: ReturnType<typeof commanded>): Move => {
  if (isRefusal(found)) throw new Error(found.refused)
  return found
}
const begun = () => moved(commanded(full, pending, { kind: 'start' }, 0)).state
const nothing: Facts = { measured: [] }
const serves: Facts = { measured: [], deployment: { state: 'ready' } }
const said = (name: string, phase: Measured['phase'], place: Measured['place'] = 'step'): Facts => ({
  measured: [{ place, metric: name, phase, result: 0, stable: 0, count: 1 }],
})
const events = (effects: readonly Effect[]) => effects.flatMap(one => (one.kind === 'event' ? [one.what] : [one.kind]))

/** Applies facts and commands one after the other, each a second after the one before. */
function play(...acts: (Facts | Command)[]) {
  let state = begun()
  const effects: Effect[] = []
  for (const [i, act] of acts.entries()) {
    const now = (i + 1) * 1000
    const move = 'kind' in act ? moved(commanded(full, state, act, now)) : advance(full, state, act, now)
    state = move.state
    effects.push(...move.effects)
  }
  return { state, events: events(effects) }
}
const toApproval: (Facts | Command)[] = [
  serves,
  said('a', 'Successful'),
  said('a', 'Successful'),
  { kind: 'promote', full: false, by: 'user:bob' },
  nothing,
]

describe('a rollout', () => {
  it('passes its steps by what is measured, waited for and approved, and ends Healthy', () => {
    const { state, events } = play(...toApproval, { kind: 'approve', by: 'user:bob' }, nothing, {
      measured: [...said('b', 'Successful').measured, ...said('c', 'Successful').measured],
    })
    expect(state).toMatchObject({ phase: 'Healthy', step: 7, weight: 100 })
    expect(events).toEqual([
      ...['traffic', 'step', 'step', 'analysis', 'traffic', 'step', 'step', 'paused', 'approved', 'step', 'paused'],
      ...['approved', 'traffic', 'step', 'step', 'analysis', 'promote', 'promoted'],
    ])
  })

  it('waits as long as too little is known, and asks a person once its time is over', () => {
    const { state } = play(serves, said('a', 'Waiting'), said('a', 'Waiting'))
    expect(state).toMatchObject({ phase: 'Progressing', step: 1 })
    const late = advance(full, state, nothing, 700_000)
    expect(late.state).toMatchObject({ phase: 'Paused', pause: { reason: 'inconclusive' } })
    expect(late.state.message).toContain('no progress for 600 s: ')
    const again = moved(commanded(full, late.state, { kind: 'retry' }, 701_000)).state
    expect(advance(full, again, nothing, 701_500).state).toMatchObject({ phase: 'Progressing', step: 1 })
  })

  it.each([
    ['a failure beyond the limit', [serves, said('a', 'Failed'), said('a', 'Failed')], 'a is failed'],
    [
      'a failure behind the steps, also while it pauses',
      [...toApproval, said('bg', 'Failed', 'background')],
      'bg, measured',
    ],
    [
      'a candidate that does not start',
      [{ ...nothing, deployment: { state: 'failed', message: 'no such file' } }],
      'no such file',
    ],
    [
      'errors in a row',
      [...toApproval, { kind: 'approve', by: 'b' }, nothing, said('c', 'Error'), said('c', 'Error')],
      'c is not measurable',
    ],
  ] as [string, (Facts | Command)[], string][])('turns back after %s', (_, acts, why) => {
    const { state, events } = play(...acts)
    expect(state).toMatchObject({ phase: 'Degraded', weight: 0, mirror: 0, message: expect.stringContaining(why) })
    expect(events.slice(-3).includes('restore') && events.includes('rolled-back')).toBe(true)
  })

  it('survives a failure within the limit and errors that stop', () => {
    const acts = [serves, said('a', 'Failed'), said('a', 'Error'), said('a', 'Error')]
    expect(play(...acts).state).toMatchObject({ phase: 'Progressing', step: 1 })
    expect(play(...acts, said('a', 'Successful')).state).toMatchObject({ step: 3 })
  })

  it('pauses for a person where it is inconclusive, and asks again for an approval that was waited for', () => {
    const { state } = play(...toApproval, said('bg', 'Inconclusive', 'background'))
    expect(state).toMatchObject({ phase: 'Paused', step: 4, pause: { reason: 'inconclusive' } })
    const again = moved(commanded(full, state, { kind: 'retry' }, 9000)).state
    expect(advance(full, again, nothing, 9500).state).toMatchObject({ phase: 'Paused', pause: { reason: 'approval' } })
  })

  it('lets only the named approve, and pass what is left at once', () => {
    const plan = planWith({
      canary: { steps: [{ pause: { approvers: ['alice'] } }, { setWeight: 50 }, { pause: {} }] },
    })
    const start = advance(plan, begun(), serves, 1000).state
    for (const kind of ['approve', 'promote'] as const)
      expect(commanded(plan, start, { kind, full: true, by: 'user:bob' }, 2000)).toMatchObject({ forbidden: true })
    const passed = moved(commanded(plan, start, { kind: 'promote', full: true, by: 'user:alice' }, 2000)).state
    const end = advance(plan, passed, nothing, 3000)
    expect(end.state).toMatchObject({ phase: 'Healthy', skipped: [0, 1, 2] })
    expect(events(end.effects)).toEqual(['promote', 'promoted'])
  })

  it('in the form of blue/green, shadow and A/B is a canary of a certain shape', () => {
    const analysis = { metrics: [metric('m')] }
    const kinds = (strategy: object) => planWith(strategy).steps.map(step => step.kind)
    const blueGreen = { previewMirror: 50, prePromotionAnalysis: analysis, postPromotionAnalysis: analysis }
    expect(kinds({ blueGreen: { ...blueGreen, autoPromotionEnabled: false } })).toEqual([
      ...['mirror', 'analysis', 'pause', 'weight', 'analysis'],
    ])
    expect(kinds({ shadow: { analysis } })).toEqual(['mirror', 'analysis'])
    expect(kinds({ abTest: { analysis, autoPromotionSeconds: 9 } })).toEqual(['weight', 'analysis', 'pause'])
  })
})

const anyFacts = fc.record({
  deployment: fc.constantFrom({ state: 'ready' as const }, { state: 'waiting' as const }),
  measured: fc.array(
    fc.record({
      place: fc.constantFrom('step' as const, 'background' as const),
      metric: fc.constantFrom('a', 'b', 'c', 'bg', 'no'),
      phase: fc.constantFrom('Waiting' as const, 'Successful', 'Failed', 'Inconclusive', 'Error'),
      ...{ result: fc.constant(0), stable: fc.constant(null), count: fc.nat(9) },
    }),
    { maxLength: 3 },
  ),
})
const anyCommand: fc.Arbitrary<Command> = fc.constantFrom(
  ...(['pause', 'resume', 'approve', 'retry', 'abort', 'promote'] as const).map(
    kind => ({ kind, by: 'b', full: kind === 'promote' }) as Command,
  ),
)

it('whatever is said and asked, it is never lost, never leaves traffic behind, and every move says so in an event', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.oneof(anyFacts, anyCommand), fc.nat(400_000)), { maxLength: 60 }), acts => {
      let state = begun()
      let now = 0
      for (const [act, wait] of acts) {
        now += wait
        const found = 'kind' in act ? commanded(full, state, act, now) : advance(full, state, act as Facts, now)
        if (isRefusal(found)) continue
        const { effects } = found
        const kindsOf = effects.map(effect => effect.kind)
        const ended = found.state.phase !== state.phase && ['Healthy', 'Degraded'].includes(found.state.phase)
        // an end settles the traffic exactly once
        expect(kindsOf.filter(kind => kind === 'restore' || kind === 'promote')).toHaveLength(ended ? 1 : 0)
        // what moves tells of it
        const hasMoved = found.state.phase !== state.phase || found.state.step !== state.step
        if (hasMoved && !(state.pause?.reason === 'duration' && effects.length === 0))
          expect(kindsOf).toContain('event')
        state = found.state
        const isOver = ['Healthy', 'Degraded'].includes(state.phase)
        const asks = state.phase === 'Paused' && state.pause?.reason !== 'duration'
        // somebody looks at it again, a person or the driver
        expect(nextLook(full, state, now) !== undefined || isOver || asks).toBe(true)
        if (state.phase === 'Degraded') expect([state.weight, state.mirror]).toEqual([0, 0])
        if (state.phase === 'Progressing') expect(state.pause).toBeUndefined()
        expect(advance(full, JSON.parse(JSON.stringify(state)), nothing, now).state).toEqual(
          advance(full, state, nothing, now).state,
        )
      }
    }),
    { numRuns: 300 },
  )
})
