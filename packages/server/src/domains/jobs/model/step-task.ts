/** The kind of background task that carries out one command step. */
export const STEP_TASK = 'job.step'
/** Looks at a sweep again when its time is up. */
export const TIMEOUT_TASK = 'job.timeout'
