import type { NewTask } from '../../../kernel/tasks/index.ts'
import type { JobRow } from './tables.ts'

/** The kind of background task that carries out one command step. */
export const STEP_TASK = 'job.step'
/** Drives one sweep from its start to its end: begins trials, stops bad ones, finishes. */
export const SWEEP_TASK = 'job.sweep'
/** Goes on with a pipeline that has more steps to start than one transaction should. */
export const ADVANCE_TASK = 'job.advance'

/** The task that carries out a queued step. */
export const stepTask = (row: Pick<JobRow, 'name'>): NewTask => ({
  kind: STEP_TASK,
  subject: `job/${row.name}`,
  payload: { name: row.name },
  maxAttempts: 3,
})
