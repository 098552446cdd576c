import { setTimeout as pause } from 'node:timers/promises'
import { StepLog } from './step-log.ts'
import { descendants, endOf, type StepsEnd } from './steps.ts'
import { TrialRemarks } from './trial-remarks.ts'
import { isOver, showJob, type Watch } from './watch.ts'

const pollMs = 700

/**
 * Follows a pipeline or sweep: one line with the time for each change of a step's status, and the logs of the steps line
 * by line, each with the step's name in front. Ends when the job is over and every log is written to the end.
 */
export async function followSteps(watch: Watch, name: string): Promise<StepsEnd> {
  const steps = new Map<string, StepLog>()
  const remarks = new TrialRemarks(watch)
  for (;;) {
    const asked = Date.now()
    const job = await showJob(watch, name)
    const children = await descendants(watch, name, '')
    await remarks.refresh([job, ...children.map(child => child.step)])
    for (const { step, label } of children) {
      const known = steps.get(step.name) ?? new StepLog(watch, label)
      steps.set(step.name, known)
      await known.advance(step, remarks.of(step))
    }
    if (isOver(job)) return endOf(job, children)
    await pause(Math.max(pollMs, Date.now() - asked), undefined, { signal: watch.signal })
  }
}
