import type { FailureCause } from '@hagane/contract'
import type { RetryPlan } from './plan.ts'

/** A try of a step that did not stand. */
export interface Try {
  /** 0 when it failed before there was an attempt. */
  attempt: number
  message: string
  cause?: FailureCause
  exit_code?: number
  signal?: string
  /** How many tries there are in all. */
  of: number
  end_time: string
  /** When it is tried again. */
  next_time: string
}

/**
 * Why a try did not stand. `infrastructure`: the command had not begun. `failure`: it ended badly. `killed`: a signal or lack
 * of memory ended it, which is a failure too. `lost`: it had begun, and nobody saw how it ended.
 */
export type TryEnd = 'infrastructure' | 'failure' | 'killed' | 'lost'

/** Tries again for reasons of infrastructure where the author says nothing. */
const RETRIES = 2
const BACKOFF_SECONDS = 5
const LONGEST_SECONDS = 600

export const triesOf = ({ tries }: { tries: string | null }): Try[] => (tries === null ? [] : JSON.parse(tries))

/** How many tries a step has in all. */
export const mostTries = (retry: RetryPlan | undefined): number => 1 + (retry?.max ?? RETRIES)

/** Seconds to wait before a step is tried again; undefined when it is not. `before`: tries that did not stand, without this one. */
export function waitBefore(retry: RetryPlan | undefined, end: TryEnd, before: number): number | undefined {
  if (before + 1 >= mostTries(retry)) return undefined
  if (end !== 'infrastructure' && !isAllowed(retry?.on ?? [], end)) return undefined
  return Math.min(LONGEST_SECONDS, (retry?.backoff ?? BACKOFF_SECONDS) * 2 ** before)
}

const isAllowed = (on: RetryPlan['on'], end: RetryPlan['on'][number]): boolean =>
  on.includes(end) || (end === 'killed' && on.includes('failure'))

/** `try 2 of 3 in 4 s: the command exited with code 1`; undefined when the step has been tried for the first time only. */
export function retryText(tries: readonly Try[], now: number): string | undefined {
  const last = tries.at(-1)
  if (last === undefined) return undefined
  const seconds = Math.max(0, Math.ceil((Date.parse(last.next_time) - now) / 1000))
  return `try ${tries.length + 1} of ${last.of} ${seconds === 0 ? 'now' : `in ${seconds} s`}: ${last.message}`
}
