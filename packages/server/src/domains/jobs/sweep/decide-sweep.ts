import { type JobStatus, terminalStatuses } from '@hagane/contract'

/** After so many trials that all failed no more are begun: the rest would fail too. */
export const FAILURES_UNTIL_GIVEN_UP = 10

export interface SweepState {
  trials: readonly { status: JobStatus; stopped: string | null }[]
  /** How many trials there can be: the limit, or the size of the grid. */
  most: number
  maxConcurrent: number
  /** Its time is over, or somebody canceled it. */
  ending: boolean
}

export interface SweepDecision {
  /** How many trials to begin now. */
  create: number
  /** Set when nothing is left to do. */
  finish?: 'complete' | 'fail' | 'cancel'
}

/**
 * What a sweep does next: keeps `maxConcurrent` trials going until there are `most`. It completes when one trial completed or was
 * stopped early, which counts as finished, and fails when all failed. Stopping what still runs at the end is the caller's.
 */
export function decideSweep({ trials, most, maxConcurrent, ending }: SweepState): SweepDecision {
  const ended = trials.filter(({ status }) => terminalStatuses.includes(status))
  const active = trials.length - ended.length
  const failed = ended.filter(({ status }) => status === 'Failed').length
  const givenUp = failed >= FAILURES_UNTIL_GIVEN_UP && failed === ended.length
  const create = ending || givenUp ? 0 : Math.max(0, Math.min(maxConcurrent - active, most - trials.length))
  if (create > 0 || active > 0) return { create }
  if (ending) return { create, finish: 'cancel' }
  const succeeded = ended.some(({ status, stopped }) => status === 'Completed' || stopped !== null)
  return { create, finish: succeeded ? 'complete' : failed > 0 ? 'fail' : 'cancel' }
}

/** The best of trials that completed or were stopped: Azure ML takes each trial's best value of the primary metric, canceled ones too. */
export function bestTrial<T extends { status: JobStatus; value: number | null }>(
  goal: 'minimize' | 'maximize',
  trials: readonly T[],
): T | undefined {
  let best: T | undefined
  for (const trial of trials) {
    if (trial.value === null || (trial.status !== 'Completed' && trial.status !== 'Canceled')) continue
    if (
      best === undefined ||
      (goal === 'minimize' ? trial.value < Number(best.value) : trial.value > Number(best.value))
    )
      best = trial
  }
  return best
}
