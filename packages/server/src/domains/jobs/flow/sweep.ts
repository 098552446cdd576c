import type { JobRow } from '../model/tables.ts'
import { type Advance, isStoppable } from '../model/transitions.ts'

/** What a sweep does next: keeps `maxConcurrent` trials going, ends when all have ended; it fails only when no trial completed. */
export function decideSweep(
  trials: readonly Pick<JobRow, 'name' | 'step' | 'status'>[],
  options: { maxConcurrent: number; stop: boolean; cancelled: boolean },
): Advance {
  const key = (trial: Pick<JobRow, 'name' | 'step'>): string => trial.step ?? trial.name
  const ended = trials.filter(trial => ['Completed', 'Failed', 'Canceled'].includes(trial.status))
  const waiting = trials.filter(trial => trial.status === 'NotStarted')
  const active = trials.length - ended.length - waiting.length
  if (ended.length === trials.length)
    return {
      start: [],
      cancel: [],
      finish: options.cancelled ? 'cancel' : ended.some(trial => trial.status === 'Completed') ? 'complete' : 'fail',
    }
  if (options.stop)
    return {
      start: [],
      cancel: trials.filter(trial => isStoppable(trial.status)).map(key),
    }
  return { start: waiting.slice(0, Math.max(0, options.maxConcurrent - active)).map(key), cancel: [] }
}
