import {
  type EventRecord,
  type GitState,
  HaganeError,
  type RuleChange,
  type RuleSpec,
  type RuleTrigger,
} from '@hagane/contract'
import type { Tx, Who } from '../../kernel/db/index.ts'
import { eventsAfter, toRecord } from '../../kernel/events/index.ts'
import { newUlid } from '../../kernel/ids.ts'
import { newToken } from '../../kernel/secrets.ts'
import { timetableOf } from '../schedules/index.ts'
import { type Author, checkedActions } from './check-actions.ts'
import { limitsOf, seen, triggerOf } from './decide.ts'
import { fire } from './fire.ts'
import { compileTrigger } from './matching.ts'
import type { RuleNeeds } from './needs.ts'
import { findRule, findRun } from './reads.ts'
import { correlationOf, whoOf } from './run-context.ts'
import { changeAction, changeRun, runForUpdate } from './run-store.ts'
import { changeRule, deleteRule, insertRule, newestEvent, ruleForUpdate } from './store.ts'
import type { Limits, RuleRow } from './tables.ts'

interface NewRule {
  rule: RuleSpec
  git?: GitState | undefined
  default_experiment_name?: string | undefined
}

/** Throws not_found. */
export async function getRule(needs: RuleNeeds, workspace: string, name: string): Promise<RuleRow> {
  return (await findRule(needs.db, workspace, name)) ?? Promise.reject(missing(workspace, name))
}

/** Creates a rule, or replaces the one of that name; it acts on events from now on. Throws invalid or forbidden. */
export async function putRule(needs: RuleNeeds, author: Author & Who, { rule, git, default_experiment_name }: NewRule) {
  compileTrigger(rule.on, rule.name)
  const actions = await checkedActions(needs, author, rule.do)
  const { debounce, cooldown, max_per_hour, max_depth } = rule
  await needs.db.withTransaction(author, async tx => {
    const before = await ruleForUpdate(tx, rule.name)
    const content = {
      name: rule.name,
      display_name: rule.display_name ?? null,
      description: rule.description ?? null,
      tags: JSON.stringify(rule.tags ?? {}),
      properties: JSON.stringify(rule.properties ?? {}),
      triggers: JSON.stringify(rule.on),
      limits: JSON.stringify({ debounce, cooldown, max_per_hour, max_depth }),
      actions: JSON.stringify(actions),
      git: git === undefined ? null : JSON.stringify(git),
      experiment: default_experiment_name ?? null,
      is_enabled: rule.is_enabled ? 1 : 0,
      next_tick: nextTick(tx, rule.on, before?.created_at, rule.is_enabled),
    }
    if (before === undefined) await insertRule(tx, { ...content, secret: needs.secrets.seal(newSecret()) })
    else await changeRule(tx, before, { ...content, ...startingNow(before, rule.is_enabled, await newestEvent(tx)) })
    tx.append({
      type: `dev.hagane.rule.${before === undefined ? 'created' : 'updated'}`,
      subject: `rule/${rule.name}`,
      data: { ...rule, rule: rule.name, do: actions },
    })
  })
}

const newSecret = (): string => newToken('hgw')

/** A rule that was disabled takes no notice of what came meanwhile, and one that is disabled lets go of what it held back. */
function startingNow(before: RuleRow, enabled: boolean, newest: number) {
  if (!enabled) return { held: null, held_until: null }
  return before.is_enabled === 1 ? {} : { decided_seq: newest, held: null, held_until: null }
}

/** Changes what is given. `check` sees the row before anything is written. Throws not_found. */
export async function changeExisting(
  needs: RuleNeeds,
  author: Author & Who,
  name: string,
  change: RuleChange,
  check: (row: RuleRow) => void,
): Promise<void> {
  await getRule(needs, author.workspace, name)
  if (change.on !== undefined) compileTrigger(change.on, name)
  const actions = change.do === undefined ? undefined : await checkedActions(needs, author, change.do)
  await needs.db.withTransaction(author, async tx => {
    const row = await ruleForUpdate(tx, name)
    if (row === undefined) throw missing(author.workspace, name)
    check(row)
    const enabled = change.is_enabled ?? row.is_enabled === 1
    await changeRule(tx, row, {
      ...columnsOf(row, change),
      ...(actions === undefined ? {} : { actions: JSON.stringify(actions) }),
      ...startingNow(row, enabled, await newestEvent(tx)),
      ...(change.on === undefined && enabled === (row.is_enabled === 1)
        ? {}
        : { next_tick: nextTick(tx, change.on ?? triggerOf(row), row.created_at, enabled) }),
    })
    tx.append({
      type: 'dev.hagane.rule.updated',
      subject: `rule/${name}`,
      data: { ...change, rule: name, ...(actions === undefined ? {} : { do: actions }) },
    })
  })
}

function columnsOf(row: RuleRow, change: RuleChange) {
  const { display_name, description, tags, properties, on, is_enabled } = change
  return {
    ...(display_name === undefined ? {} : { display_name }),
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags: JSON.stringify(tags) }),
    ...(properties === undefined ? {} : { properties: JSON.stringify(properties) }),
    ...(on === undefined ? {} : { triggers: JSON.stringify(on) }),
    ...(is_enabled === undefined ? {} : { is_enabled: is_enabled ? 1 : 0 }),
    limits: JSON.stringify(changedLimits(limitsOf(row), change)),
  }
}

/** null takes a limit away. */
function changedLimits(before: Limits, { debounce, cooldown, max_per_hour, max_depth }: RuleChange): Limits {
  return {
    debounce: debounce === undefined ? before.debounce : (debounce ?? undefined),
    cooldown: cooldown === undefined ? before.cooldown : (cooldown ?? undefined),
    max_per_hour: max_per_hour === undefined ? before.max_per_hour : (max_per_hour ?? undefined),
    max_depth: max_depth ?? before.max_depth,
  }
}

function nextTick(tx: Tx, on: RuleTrigger, created: string | undefined, enabled: boolean): number | null {
  if (on.schedule === undefined) return null
  const times = timetableOf(on.schedule, created === undefined ? tx.now : new Date(created))
  const next = times.next(tx.now)
  if (next === undefined)
    throw new HaganeError('invalid', 'on.schedule: no time comes any more', {
      details: [{ property: 'on.schedule', message: 'no time comes any more', sent: on.schedule }],
      hint: 'February has no 30th; an end_time must lie ahead',
    })
  return enabled ? next.getTime() : null
}

/** Throws not_found. */
export async function removeRule(needs: RuleNeeds, who: Who, name: string): Promise<void> {
  await needs.db.withTransaction(who, async tx => {
    const row = await ruleForUpdate(tx, name)
    if (row === undefined) throw missing(who.workspace, name)
    await deleteRule(tx, row)
    tx.append({ type: 'dev.hagane.rule.deleted', subject: `rule/${name}`, data: { rule: name } })
  })
}

/** Sets the secret of a rule, or makes a new one; answers it this once. Throws not_found. */
export async function renewSecret(
  needs: RuleNeeds,
  who: Who,
  name: string,
  given: string | undefined,
): Promise<string> {
  const secret = given ?? newSecret()
  await needs.db.withTransaction(who, async tx => {
    const row = await ruleForUpdate(tx, name)
    if (row === undefined) throw missing(who.workspace, name)
    await changeRule(tx, row, { secret: needs.secrets.seal(secret) })
    tx.append({ type: 'dev.hagane.rule.secret-renewed', subject: `rule/${name}`, data: { rule: name } })
  })
  return secret
}

/** An event of a workspace by its number or id. Throws not_found. */
export async function eventBy(needs: RuleNeeds, workspace: string, reference: string): Promise<EventRecord> {
  const [row] = /^\d{1,15}$/.test(reference)
    ? await eventsAfter(needs.db, Number(reference) - 1, 1, { workspace })
    : await eventsAfter(needs.db, 0, 1, { workspace, correlation: reference })
  if (row !== undefined && [String(row.seq), row.id].includes(reference)) return toRecord(row)
  throw new HaganeError('not_found', `no event ${reference} in workspace ${workspace}`, {
    hint: '`hagane event list` shows what there is',
  })
}

/**
 * Fires a rule now, on an event that there was, or on the asking itself. Filters and limits are not asked, nor whether it is
 * enabled: somebody wants it. Throws not_found.
 */
export async function triggerNow(
  needs: RuleNeeds,
  who: Who,
  name: string,
  given: { event?: string | undefined; data?: Record<string, unknown> | undefined },
): Promise<{ row: RuleRow; number: number }> {
  const event = given.event === undefined ? undefined : await eventBy(needs, who.workspace, given.event)
  return needs.db.withTransaction(who, async tx => {
    const row = await ruleForUpdate(tx, name)
    if (row === undefined) throw missing(who.workspace, name)
    const asked = event === undefined ? await askedFor(tx, row, given.data ?? {}) : seen(event)
    const cause = { event: asked, correlation: event === undefined ? asked.id : correlationOf(event), events: 1 }
    const run = await fire(tx, needs.tasks, row, cause, { manual: true, correlation_id: cause.correlation })
    return { row, number: run.number }
  })
}

/** Stands for an event where somebody fires a rule without one: its number is 0. */
const askedFor = (tx: Tx, { name, workspace }: RuleRow, data: Record<string, unknown>) => ({
  ...{ seq: 0, id: newUlid(tx.now.getTime()), time: tx.now.toISOString(), workspace, actor: tx.who.actor },
  ...{ type: 'dev.hagane.rule.triggered', subject: `rule/${name}`, data },
})

/** Ends a run: what has not begun is left out, what has begun goes on. Throws not_found, or conflict when it is over. */
export async function cancelRun(needs: RuleNeeds, who: Who, name: string, number: number): Promise<void> {
  const rule = await getRule(needs, who.workspace, name)
  const run = await getRun(needs, rule, number)
  const { correlation } = whoOf(run)
  await needs.db.withTransaction({ ...who, correlation }, async tx => {
    const held = await runForUpdate(tx, run)
    if (held?.run.state !== 'running')
      throw new HaganeError('conflict', `run ${number} of rule ${name} is over: it is ${held?.run.state ?? 'gone'}`)
    const at = tx.now.toISOString()
    for (const row of held.actions)
      if (row.state === 'pending' || row.state === 'waiting')
        await changeAction(tx, row, { state: 'skipped', waits_for: null, reason: 'the run was canceled', ended_at: at })
    await changeRun(tx, run, { state: 'canceled', ended_at: at })
    tx.append({ type: 'dev.hagane.rule.run-canceled', subject: `rule/${name}`, data: { rule: name, run: number } })
  })
}

/** Throws not_found. */
export async function getRun(needs: RuleNeeds, rule: RuleRow, number: number) {
  const run = await findRun(needs.db, rule.id, number)
  if (run !== undefined) return run
  throw new HaganeError('not_found', `rule ${rule.name} has no run ${number}`, {
    hint: `\`hagane rule runs -n ${rule.name}\` lists them`,
  })
}

const missing = (workspace: string, name: string): HaganeError =>
  new HaganeError('not_found', `no rule '${name}' in workspace ${workspace}`, {
    hint: '`hagane rule list` shows what there is',
  })
