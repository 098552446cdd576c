import type { AlertRuleSpec } from '@hagane/contract'

/** What a rule remembers of one of its keys. Times are epoch milliseconds. */
export interface RuleState {
  /** Of the newest events that counted, at most as many as the rule asks for, oldest first. */
  readonly times: readonly number[]
  /** The last event that counted, or when the rule began. */
  readonly lastAt: number
  readonly pendingSince?: number
  readonly firingSince?: number
  /** The last value of a metric. */
  readonly value?: number
}

export type RuleMove = 'pending' | 'dropped' | 'firing' | 'resolved'

export interface Step {
  readonly state: RuleState
  readonly moves: readonly { readonly move: RuleMove; readonly at: number }[]
}

/** A rule with its durations in milliseconds. */
export interface Timings {
  readonly atLeast: number
  readonly within: number | undefined
  readonly absentFor: number | undefined
  readonly pendingFor: number
  readonly resolveAfter: number | undefined
  readonly endsByEvent: boolean
}

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const ms = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text.slice(0, -1)) * units[text.slice(-1) as keyof typeof units]

export const timingsOf = (rule: AlertRuleSpec): Timings => ({
  atLeast: rule.at_least,
  within: ms(rule.within),
  absentFor: ms(rule.absent_for),
  pendingFor: ms(rule.for) ?? 0,
  resolveAfter: ms(rule.resolve_after),
  endsByEvent: rule.resolve_on !== undefined || rule.metric !== undefined,
})

export const begin = (at: number): RuleState => ({ times: [], lastAt: at })

/** An event that counts. First let `onTime` come up to its time. */
export function onEvent(timings: Timings, state: RuleState, at: number): Step {
  const times = [...state.times, at].slice(-timings.atLeast)
  const seen = { ...state, times, lastAt: Math.max(at, state.lastAt) }
  if (timings.absentFor !== undefined) return ended(seen, at)
  return isMet(timings, seen, at) ? met(timings, seen, at) : { state: seen, moves: [] }
}

/** An event that ends it. */
export const onEnd = (state: RuleState, at: number): Step => ended({ ...state, times: [] }, at)

/** What the passing of time alone brings, up to and including `now`, each at its own moment. */
export function onTime(timings: Timings, state: RuleState, now: number): Step {
  const moves: Step['moves'][number][] = []
  let current = state
  for (let due = dueAt(timings, current); due !== undefined && due <= now; due = dueAt(timings, current)) {
    const step = atDue(timings, current, due)
    current = step.state
    moves.push(...step.moves)
  }
  return { state: current, moves }
}

/** When time alone changes something next. */
export function dueAt(timings: Timings, state: RuleState): number | undefined {
  const { pendingSince, firingSince } = state
  if (timings.absentFor !== undefined) {
    if (firingSince !== undefined) return undefined
    return state.lastAt + timings.absentFor + (pendingSince === undefined ? 0 : timings.pendingFor)
  }
  const expiry = expiryOf(timings, state)
  if (firingSince !== undefined) return timings.endsByEvent ? undefined : expiry
  if (pendingSince === undefined) return undefined
  return Math.min(pendingSince + timings.pendingFor, expiry ?? Number.POSITIVE_INFINITY)
}

function atDue(timings: Timings, state: RuleState, due: number): Step {
  if (state.firingSince !== undefined) return ended({ ...state, times: [] }, due)
  if (state.pendingSince === undefined) return met(timings, state, due)
  const isLongEnough = timings.absentFor !== undefined || due >= state.pendingSince + timings.pendingFor
  if (!isLongEnough) return ended({ ...state, times: [] }, due)
  const { pendingSince: _, ...rest } = state
  return { state: { ...rest, firingSince: due }, moves: [{ move: 'firing', at: due }] }
}

/** The first moment at which the events no longer suffice; undefined where they do for ever. */
function expiryOf({ within, resolveAfter }: Timings, { times, lastAt }: RuleState): number | undefined {
  const first = times[0]
  if (resolveAfter !== undefined) return lastAt + resolveAfter
  return within === undefined || first === undefined ? undefined : first + within + 1
}

const isMet = ({ atLeast, within }: Timings, { times }: RuleState, at: number): boolean =>
  times.length >= atLeast && (within === undefined || at - (times[0] ?? 0) <= within)

function met({ pendingFor }: Timings, state: RuleState, at: number): Step {
  if (state.firingSince !== undefined || state.pendingSince !== undefined) return { state, moves: [] }
  if (pendingFor > 0) return { state: { ...state, pendingSince: at }, moves: [{ move: 'pending', at }] }
  return { state: { ...state, firingSince: at }, moves: [{ move: 'firing', at }] }
}

function ended(state: RuleState, at: number): Step {
  const { pendingSince, firingSince, ...rest } = state
  if (firingSince !== undefined) return { state: rest, moves: [{ move: 'resolved', at }] }
  return { state: rest, moves: pendingSince === undefined ? [] : [{ move: 'dropped', at }] }
}
