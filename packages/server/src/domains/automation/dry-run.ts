import {
  type EventRecord,
  HaganeError,
  kindOfAction,
  type RuleAction,
  type RuleCheck,
  type RuleTest,
} from '@hagane/contract'
import { compileCondition } from '../../kernel/conditions.ts'
import { atMoment } from '../schedules/index.ts'
import { webhookOf } from './actions/call-webhook.ts'
import { notification } from './actions/notify.ts'
import { gateOf } from './actions/run-gate.ts'
import { aliasOf } from './actions/set-alias.ts'
import { rolloutOf } from './actions/start-rollout.ts'
import { renderedJob } from './actions/submit-job.ts'
import { lengthsOf, limitsOf, seen, triggerOf } from './decide.ts'
import { actionsNamed, render, type Values } from './expressions.ts'
import { explainTrigger } from './matching.ts'
import type { RuleNeeds } from './needs.ts'
import { countsOf } from './reads.ts'
import { correlationOf, valuesOf } from './run-context.ts'
import { eventBy, getRule } from './service.ts'
import type { RuleRow } from './tables.ts'
import { hourBefore, onEvent } from './transitions.ts'

type Verdict = RuleTest['actions'][number]

/** What a rule would do if an event came now: which filters and limits hold, and each action as it would be. Changes nothing. Throws not_found. */
export async function dryRun(needs: RuleNeeds, workspace: string, name: string, reference: string): Promise<RuleTest> {
  const rule = await getRule(needs, workspace, name)
  const event = await eventBy(needs, workspace, reference)
  const checks = [
    { what: 'is_enabled', holds: rule.is_enabled === 1, detail: rule.is_enabled === 1 ? 'enabled' : 'disabled' },
    ...explainTrigger(triggerOf(rule), name, event),
    await limitCheck(needs, rule, event),
  ]
  const run = { event: JSON.stringify(seen(event)), rule: name, number: 0, correlation: correlationOf(event) }
  const values = valuesOf(run, [])
  const actions: Verdict[] = []
  for (const [i, action] of (JSON.parse(rule.actions) as RuleAction[]).entries())
    actions.push({ id: action.id, kind: kindOfAction(action), ...(await verdictOn(needs, rule, action, i, values)) })
  const { seq, id, type, subject } = event
  return { rule: name, event: { seq, id, type, subject }, fires: checks.every(check => check.holds), checks, actions }
}

async function limitCheck(needs: RuleNeeds, rule: RuleRow, event: EventRecord): Promise<RuleCheck> {
  const now = needs.db.clock.now().getTime()
  const limits = limitsOf(rule)
  const counts = await countsOf(needs.db, rule.id, hourBefore(now), correlationOf(event))
  // debounce only puts off
  const decision = onEvent(
    {
      limits,
      ...lengthsOf({ ...limits, debounce: undefined }),
      now,
      firedAt: rule.fired_at,
      ...counts,
      held: undefined,
    },
    event.seq,
  )
  if (decision.do === 'skip') return { what: decision.reason, holds: false, detail: decision.message }
  const waits = limits.debounce === undefined ? '' : `; debounce waits until nothing has come for ${limits.debounce}`
  return { what: 'limits', holds: true, detail: `neither a loop nor a limit stops it${waits}` }
}

async function verdictOn(
  needs: RuleNeeds,
  rule: RuleRow,
  action: RuleAction,
  i: number,
  values: Values,
): Promise<Omit<Verdict, 'id' | 'kind'>> {
  const kind = kindOfAction(action)
  const keep = (expression: string): boolean => actionsNamed(expression).length > 0
  try {
    const rendered = await renderedAction(needs, rule, action, i, values)
    const named = [...new Set(actionsNamed(JSON.stringify(action)))]
    const condition = conditionOf(action, i, values)
    if (condition !== undefined) return { ...condition, rendered }
    if (named.length > 0) return { verdict: 'depends', detail: `on what comes of ${named.join(', ')}`, rendered }
    return { verdict: 'runs', rendered }
  } catch (error) {
    if (!(error instanceof HaganeError)) throw error
    const rendered = attempt(() => render(action[kind], values, '', keep))
    return { verdict: 'refused', detail: error.message, ...(rendered === undefined ? {} : { rendered }) }
  }
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch {
    return undefined
  }
}

/** What its condition says, where it says something now. */
function conditionOf({ when }: RuleAction, i: number, values: Values): Omit<Verdict, 'id' | 'kind'> | undefined {
  if (when === undefined || actionsNamed(when).length > 0) return undefined
  const told = compileCondition(when, `do.${i}.when`)(values)
  if ('problem' in told) return { verdict: 'refused', detail: `when: '${when}' cannot be told: ${told.problem}` }
  return told.holds ? undefined : { verdict: 'left-out', detail: `when: ${when} is false` }
}

/** An action as it would be carried out; expressions over earlier actions stay as they are. Throws what it would be refused with. */
async function renderedAction(
  needs: RuleNeeds,
  rule: RuleRow,
  action: RuleAction,
  i: number,
  values: Values,
): Promise<unknown> {
  const kind = kindOfAction(action)
  const property = `do.${i}.${kind}`
  const keep = (expression: string): boolean => actionsNamed(expression).length > 0
  const isOpen = actionsNamed(JSON.stringify(action[kind])).length > 0
  if (kind === 'submit_job' || kind === 'run_component') {
    const job = renderedJob(action, values, property, keep)
    const sample = atMoment(job, { name: `${rule.name}-sample`, time: needs.db.clock.now() })
    if (!isOpen) await needs.jobs.check(rule.workspace, { ...sample, name: undefined })
    return job
  }
  if (isOpen) return render(action[kind], values, property, keep)
  if (kind === 'set_alias') {
    const { model, alias } = aliasOf(action.set_alias, values, property)
    const { name, version } = await needs.models.resolve(rule.workspace, model)
    return { model: `azureml:${name}:${version}`, alias }
  }
  if (kind === 'run_gate') {
    const asked = gateOf(action.run_gate, values, property)
    await needs.gates.require(rule.workspace, asked.gate, `${property}.gate`)
    return asked
  }
  if (kind === 'start_rollout') {
    const rollout = rolloutOf(action.start_rollout, values, property)
    await needs.rollouts.check(rule.workspace, rollout)
    return rollout
  }
  if (kind === 'call_webhook') return webhookOf(action.call_webhook, values, property)
  if (kind === 'notify')
    return notification(action.notify, values, property, { rule: rule.name, number: 0, id: action.id })
  return render(action[kind], values, property)
}
