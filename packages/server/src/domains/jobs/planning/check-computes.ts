import type { PlannedJob } from '../model/plan.ts'
import { gather } from './gather.ts'
import { type PlanContext, within } from './plan-command.ts'

/** The first property that names each compute. */
function propertiesOf(root: PlannedJob): Map<string, { at: string; property: string }> {
  const found = new Map<string, { at: string; property: string }>()
  const visit = (job: PlannedJob, at: string): void => {
    const own = typeof job.spec.compute === 'string'
    const name = job.compute?.replace(/^azureml:/, '')
    if (name !== undefined && !name.includes('${{') && !found.has(name))
      found.set(name, own ? { at, property: 'compute' } : { at: 'job', property: 'settings.default_compute' })
    for (const child of job.children) visit(child, `${at === 'job' ? '' : `${at}.`}jobs.${child.step ?? child.name}`)
  }
  visit(root, 'job')
  return found
}

/** Throws invalid for each compute that cannot be one. What an expression names is known when the step starts. */
export async function checkComputes(context: PlanContext, root: PlannedJob): Promise<void> {
  const { needs, workspace, budget } = context
  const checks = [...propertiesOf(root)].map(
    ([name, { at, property }]) =>
      () =>
        within(at, property, () => needs.compute.require(workspace, name)),
  )
  await gather(budget, checks)
}
