import type { NewTask } from '../../../kernel/tasks/index.ts'
import type { CommandPlan } from './plan.ts'
import type { JobRow } from './tables.ts'

/** The kind of background task that carries out one command step. */
export const STEP_TASK = 'job.step'
/** Drives one sweep from its start to its end: begins trials, stops bad ones, finishes. */
export const SWEEP_TASK = 'job.sweep'
/** Goes on with a pipeline that has more steps to start than one transaction should. */
export const ADVANCE_TASK = 'job.advance'

/** The task that carries out a queued step, in the queue of its compute. */
export function stepTask(row: Pick<JobRow, 'name' | 'plan'>, queue: string): NewTask {
  const { load = { cores: 1, memoryMb: 0 }, priority = 0 } = JSON.parse(row.plan) as CommandPlan
  return {
    kind: STEP_TASK,
    subject: `job/${row.name}`,
    payload: { name: row.name },
    maxAttempts: 3,
    queue,
    load,
    priority,
  }
}
