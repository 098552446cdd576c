import type { RuleSkipReason } from '@hagane/contract'
import type { Held, Limits } from './tables.ts'

/** Debounce ends at the latest after so many times its length, so that a stream of events cannot put it off for ever. */
export const LONGEST_DEBOUNCE = 10
const HOUR_MS = 3_600_000

/** What is known of a rule when an event sets it off. */
export interface Situation {
  limits: Limits
  /** Lengths in milliseconds. */
  debounceMs: number | undefined
  cooldownMs: number | undefined
  now: number
  firedAt: number | null
  /** Runs that were fired in the last hour. */
  inLastHour: number
  /** Runs that this rule had in the event's chain. */
  inChain: number
  held: Held | undefined
}

export type Decision =
  | { do: 'fire' }
  | { do: 'hold'; held: Held; until: number }
  | { do: 'skip'; reason: RuleSkipReason; message: string }

/** Decides on an event that passed the filters. */
export function onEvent(situation: Situation, seq: number): Decision {
  const loop = loopOf(situation)
  if (loop !== undefined) return loop
  const { debounceMs, now, held } = situation
  if (debounceMs === undefined) return whenQuiet(situation)
  const since = held?.since ?? now
  const until = Math.min(now + debounceMs, since + LONGEST_DEBOUNCE * debounceMs)
  return { do: 'hold', held: { seq, count: (held?.count ?? 0) + 1, since }, until }
}

/** Decides once nothing holds the event back any more. */
export function whenQuiet({
  limits,
  cooldownMs,
  now,
  firedAt,
  inLastHour,
}: Situation): Exclude<Decision, { do: 'hold' }> {
  if (cooldownMs !== undefined && firedAt !== null && now < firedAt + cooldownMs) {
    const until = new Date(firedAt + cooldownMs).toISOString()
    return {
      do: 'skip',
      reason: 'cooldown',
      message: `it fired less than ${limits.cooldown} ago; cooldown until ${until}`,
    }
  }
  if (limits.max_per_hour !== undefined && inLastHour >= limits.max_per_hour)
    return {
      do: 'skip',
      reason: 'max_per_hour',
      message: `it fired ${inLastHour} times within an hour; max_per_hour is ${limits.max_per_hour}`,
    }
  return { do: 'fire' }
}

function loopOf({ limits, inChain }: Situation): Decision | undefined {
  if (inChain < limits.max_depth) return undefined
  const times = inChain === 1 ? 'once' : `${inChain} times`
  return {
    do: 'skip',
    reason: 'loop',
    message: `the rule has fired ${times} in the chain that led to this event; max_depth is ${limits.max_depth}`,
  }
}

/** Since when runs count for max_per_hour. */
export const hourBefore = (now: number): number => now - HOUR_MS
