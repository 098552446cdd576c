import {
  HaganeError,
  type JobSpec,
  kindOfAction,
  type Permission,
  type RuleAction,
  type RuleActionKind,
  type ScheduledJob,
} from '@hagane/contract'
import { compileCondition, compileExpression } from '../../kernel/conditions.ts'
import { atMoment, completeJob, namedAfter } from '../schedules/index.ts'
import { jobOf } from './actions/submit-job.ts'
import { checkRolloutAction } from './check-rollout.ts'
import { actionsNamed, expressionsIn } from './expressions.ts'
import type { RuleNeeds } from './needs.ts'

/** What a rule may do only if the one who writes it may. */
const needed: Partial<Record<RuleActionKind, Permission>> = {
  submit_job: 'job.write',
  run_component: 'job.write',
  set_alias: 'model.write',
  run_gate: 'automation.write',
  start_rollout: 'endpoint.write',
}

export interface Author {
  workspace: string
  actor: string
  caller: { can(permission: Permission, workspace: string): boolean }
}

/**
 * The actions of a rule, their jobs complete. Refused now is what would be refused on every event: conditions and expressions
 * that cannot be read, actions that are not there, gates and endpoints that are not there, and jobs that take nothing from the event
 * and could not be submitted. Throws invalid and not_found, named after the property, or forbidden.
 */
export async function checkedActions(
  needs: RuleNeeds,
  author: Author,
  actions: readonly RuleAction[],
): Promise<RuleAction[]> {
  const checked: RuleAction[] = []
  for (const [i, given] of actions.entries()) {
    refuseForbidden(author, given)
    const action = await complete(needs, author.workspace, given, `do.${i}`)
    checkExpressions(action, i, actions)
    if (action.submit_job !== undefined || action.run_component !== undefined)
      await checkJob(needs, author.workspace, action, `do.${i}.${kindOfAction(action)}`)
    await checkNamed(needs, author.workspace, action, `do.${i}`)
    checked.push(action)
  }
  return checked
}

/** Gates and rollouts that could not be had on any event. */
async function checkNamed(needs: RuleNeeds, workspace: string, action: RuleAction, property: string): Promise<void> {
  const { run_gate, start_rollout } = action
  if (run_gate !== undefined && expressionsIn(run_gate.gate, '').length === 0)
    await needs.gates.require(workspace, run_gate.gate, `${property}.run_gate.gate`)
  if (start_rollout !== undefined)
    await checkRolloutAction(needs, workspace, start_rollout, `${property}.start_rollout`)
}

function refuseForbidden({ caller, workspace, actor }: Author, action: RuleAction): void {
  const kind = kindOfAction(action)
  const permission = needed[kind]
  if (permission === undefined || caller.can(permission, workspace)) return
  throw new HaganeError(
    'forbidden',
    `${actor} may not write a rule that does ${kind}: it needs the permission ${permission}`,
    {
      hint: 'a rule may do what its author may do; ask an administrator for a role that holds it',
    },
  )
}

async function complete(
  needs: RuleNeeds,
  workspace: string,
  action: RuleAction,
  property: string,
): Promise<RuleAction> {
  if (action.submit_job === undefined) return action
  const { submit_job: given } = action
  const at = `${property}.submit_job`
  const job = await namedAfter(at, () => completeJob(needs.jobs, workspace, given, at))
  return { ...action, submit_job: { job } as ScheduledJob }
}

function checkExpressions(action: RuleAction, i: number, actions: readonly RuleAction[]): void {
  const { when, ...rest } = action
  const earlier = actions.slice(0, i).map(({ id }) => id)
  if (when !== undefined) {
    compileCondition(when, `do.${i}.when`)
    refuseUnknown(when, `do.${i}.when`, earlier)
  }
  for (const { expression, property } of expressionsIn(rest, `do.${i}`)) {
    compileExpression(expression, property)
    refuseUnknown(expression, property, earlier)
  }
}

function refuseUnknown(expression: string, property: string, earlier: readonly string[]): void {
  const unknown = actionsNamed(expression).find(id => !earlier.includes(id))
  if (unknown === undefined) return
  throw new HaganeError('invalid', `${property}: no action before this one has the id '${unknown}'`, {
    details: [{ property, message: `unknown action '${unknown}'`, sent: expression, allowed: earlier }],
    hint: earlier.length === 0 ? 'it is the first action' : `actions before it: ${earlier.join(', ')}`,
  })
}

/** A job that takes nothing from the event is planned now; one that does, each time. */
async function checkJob(needs: RuleNeeds, workspace: string, action: RuleAction, property: string): Promise<void> {
  const job: JobSpec = jobOf(action)
  if (expressionsIn(job, property).length > 0) return
  const sample = atMoment(job, { name: 'sample', time: needs.db.clock.now() })
  await namedAfter(property, () => needs.jobs.check(workspace, { ...sample, name: undefined }))
}
