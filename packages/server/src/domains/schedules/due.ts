import type { CatchUpPolicy } from '@hagane/contract'
import type { Timetable } from './timetable.ts'

/** How late a time may be carried out and still count as kept: a server that restarts misses nothing. */
export const PUNCTUAL_MS = 60_000
/** With `all`, as many missed times at most, the newest of them. */
export const MOST_CAUGHT_UP = 100

/** What to do at a time that is due. */
export interface Decision {
  /** The time to create a job for. */
  run?: Date
  /** Times that get no job: the first and the last of them. */
  skipped?: { from: Date; to: Date }
  /** When to look again; undefined when no time is left. */
  next?: Date
}

/**
 * Decides on the earliest time that has no outcome yet. Times not later than PUNCTUAL_MS are always run; of older ones, `none` runs
 * none, `latest` the newest, and `all` each of the newest MOST_CAUGHT_UP, one decision at a time.
 */
export function decide(times: Timetable, due: Date, now: Date, policy: CatchUpPolicy): Decision {
  const run = chosen(times, due, now, policy)
  const next = times.next(run ?? now)
  const lastSkipped = times.previous(run ?? new Date(now.getTime() + 1))
  return {
    ...(run === undefined ? {} : { run }),
    ...(lastSkipped === undefined || lastSkipped < due ? {} : { skipped: { from: due, to: lastSkipped } }),
    ...(next === undefined ? {} : { next }),
  }
}

function chosen(times: Timetable, due: Date, now: Date, policy: CatchUpPolicy): Date | undefined {
  const found = times.previous(new Date(now.getTime() + 1)) ?? due
  const newest = found < due ? due : found
  if (policy === 'latest') return newest
  if (policy === 'none') return now.getTime() - newest.getTime() <= PUNCTUAL_MS ? newest : undefined
  let oldest = newest
  for (let i = 1; i < MOST_CAUGHT_UP && oldest > due; i++) oldest = times.previous(oldest) ?? due
  return oldest < due ? due : oldest
}
