import { setTimeout as pause } from 'node:timers/promises'
import { type JobResource, jobRoutes } from '@hagane/contract'
import { harmless } from '../terminal/terminal.ts'
import { StepLog } from './step-log.ts'
import { ask, isOver, showJob, type Watch } from './watch.ts'

const pollMs = 700
const pageSize = 1000

/** How the end of a watched pipeline looks: the job itself, and the steps that went wrong. */
export interface StepsEnd {
  readonly job: JobResource
  readonly failed: readonly JobResource[]
}

/**
 * Follows a pipeline or sweep: one line with the time for each change of a step's status, and the logs of the steps line
 * by line, each with the step's name in front. Ends when the job is over and every log is written to the end.
 */
export async function followSteps(watch: Watch, name: string): Promise<StepsEnd> {
  const steps = new Map<string, StepLog>()
  for (;;) {
    const asked = Date.now()
    const job = await showJob(watch, name)
    const children = await descendants(watch, name, '')
    for (const { step, label } of children) {
      const known = steps.get(step.name) ?? new StepLog(watch, label)
      steps.set(step.name, known)
      await known.advance(step)
    }
    if (isOver(job)) {
      const failed = children.map(child => child.step).filter(step => step.status === 'Failed')
      return { job, failed: failed.filter(step => step.type === 'command') }
    }
    await pause(Math.max(pollMs, Date.now() - asked), undefined, { signal: watch.signal })
  }
}

interface Child {
  readonly step: JobResource
  readonly label: string
}

/** Every step below a job in the order of their start, steps of nested pipelines after the pipeline that holds them. */
async function descendants(watch: Watch, name: string, prefix: string): Promise<Child[]> {
  const found: Child[] = []
  for (const step of await childrenOf(watch, name)) {
    const label = prefix + harmless(step.step ?? step.display_name)
    found.push({ step, label })
    if (step.type !== 'command') found.push(...(await descendants(watch, step.name, `${label}/`)))
  }
  return found
}

async function childrenOf(watch: Watch, name: string): Promise<JobResource[]> {
  const found: JobResource[] = []
  let cursor: string | undefined
  do {
    const query = { parent_job_name: name, include_archived: 'true', limit: pageSize, cursor }
    const page = await ask(watch, () => watch.client.call(jobRoutes.list, { query, signal: watch.signal }))
    found.push(...page.items)
    cursor = page.next_cursor
  } while (cursor !== undefined)
  return found.reverse()
}
