import { setTimeout as pause } from 'node:timers/promises'
import { jobRoutes, terminalStatuses } from '@hagane/contract'
import { harmless } from '../terminal/terminal.ts'
import { StepLog } from './step-log.ts'
import type { StepsEnd } from './steps.ts'
import { TrialRemarks } from './trial-remarks.ts'
import { ask, showJob, type Watch } from './watch.ts'

/** Logs of steps that run are read this often; a change of a status comes at once. */
const logSeconds = 0.7
/** A job of very many steps is asked about less often, so that watching it costs the server little. */
const pauseMsPerStep = 0.2
const mostFailed = 20

/**
 * Follows a pipeline or sweep: one line with the time for each change of a step's status, and the logs of the steps line
 * by line, each with the step's name in front. Ends when the job is over and every log is written to the end.
 */
export async function followSteps(watch: Watch, name: string): Promise<StepsEnd> {
  const logs = new Map<string, StepLog>()
  const remarks = new TrialRemarks(watch)
  let since: number | undefined
  for (;;) {
    const query = { wait: logSeconds, ...(since === undefined ? {} : { since }) }
    const answer = await ask(watch, () =>
      watch.client.call(jobRoutes.progress, { params: { name }, query, signal: watch.signal }),
    )
    await remarks.refresh([{ name, type: answer.type }, ...answer.steps])
    for (const step of answer.steps) {
      const log = logs.get(step.name) ?? new StepLog(watch, harmless(step.label))
      logs.set(step.name, log)
      await log.advance(step, remarks.of(step))
    }
    if (terminalStatuses.includes(answer.status)) {
      const failed = answer.steps.filter(step => step.status === 'Failed' && step.type === 'command')
      const shown = await Promise.all(failed.slice(0, mostFailed).map(step => showJob(watch, step.name)))
      return { job: await showJob(watch, name), failed: shown }
    }
    since = answer.version
    const rest = answer.steps.length * pauseMsPerStep
    if (rest >= 1) await pause(rest, undefined, { signal: watch.signal })
  }
}
