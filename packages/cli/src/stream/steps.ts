import { type JobResource, jobRoutes } from '@hagane/contract'
import { harmless } from '../terminal/terminal.ts'
import { ask, type Watch } from './watch.ts'

const pageSize = 1000

/** How the end of a watched pipeline looks: the job itself, and the steps that went wrong. */
export interface StepsEnd {
  readonly job: JobResource
  readonly failed: readonly JobResource[]
}

export const endOf = (job: JobResource, children: readonly Child[]): StepsEnd => ({
  job,
  failed: children.map(child => child.step).filter(step => step.status === 'Failed' && step.type === 'command'),
})

export interface Child {
  readonly step: JobResource
  /** `train/fit` for a step of a pipeline inside of a pipeline. */
  readonly label: string
}

/** Every step below a job in the order of their start, steps of nested pipelines after the pipeline that holds them. */
export async function descendants(watch: Watch, name: string, prefix: string): Promise<Child[]> {
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
