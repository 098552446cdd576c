import type { RuleSpec } from '@hagane/contract'
import { expandShared } from './expand-command.ts'
import { expandUnbound } from './expand-pipeline.ts'
import { expandScheduledJob } from './expand-scheduled-job.ts'
import { checkJob } from './graph.ts'
import type { Loading } from './loading.ts'
import { isYamlPath } from './local-path.ts'
import { keepLiterals } from './number-text.ts'
import { type Cursor, isMap, mapAt, own } from './tree.ts'

/** The actions of a rule that are maps, with their place in the list. */
function actionsOf(cursor: Cursor): Cursor[] {
  const actions = own(cursor.map, 'do')
  if (!Array.isArray(actions)) return []
  return actions.flatMap((map, i) =>
    isMap(map) ? [{ map, pointer: [...cursor.pointer, 'do', i], home: cursor.home }] : [],
  )
}

/** A rule: jobs, components and rollouts that its actions name by path are read in their place. */
export async function expandRule(loading: Loading, cursor: Cursor): Promise<void> {
  for (const key of ['tags', 'properties']) keepLiterals(loading.origins, cursor.map, key)
  for (const action of actionsOf(cursor)) {
    await expandScheduledJob(loading, action, 'submit_job')
    const component = mapAt(action, 'run_component')
    if (component !== undefined) {
      await expandUnbound(loading, component)
      await expandShared(loading, component)
    }
    const rollout = own(action.map, 'start_rollout')
    if (typeof rollout === 'string' && isYamlPath(rollout)) await loading.inlineYaml(action, 'start_rollout')
  }
}

/** What must hold between the parts of a rule's jobs. */
export function checkRule(loading: Loading, cursor: Cursor, rule: RuleSpec): void {
  for (const [i, action] of actionsOf(cursor).entries()) {
    const submit = mapAt(action, 'submit_job')
    const job = submit === undefined ? undefined : mapAt(submit, 'job')
    const given = rule.do[i]?.submit_job?.job
    if (job !== undefined && typeof given === 'object') checkJob(loading, job, given)
  }
}
