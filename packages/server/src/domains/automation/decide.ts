import { type EventRecord, type RuleTrigger, secondsOfDuration } from '@hagane/contract'
import type { Tx } from '../../kernel/db/index.ts'
import { eventsAfter, toRecord } from '../../kernel/events/index.ts'
import { fire, skip } from './fire.ts'
import { compileTrigger, type Source } from './matching.ts'
import type { RuleNeeds } from './needs.ts'
import { correlationOf, type SeenEvent } from './run-context.ts'
import { firedSince, runsInChain } from './run-store.ts'
import { moveRule, ruleForUpdate } from './store.ts'
import type { Held, Limits, RuleRow } from './tables.ts'
import { type Decision, hourBefore, onEvent, type Situation, whenQuiet } from './transitions.ts'

export const limitsOf = (rule: Pick<RuleRow, 'limits'>): Limits => JSON.parse(rule.limits) as Limits
export const triggerOf = (rule: Pick<RuleRow, 'triggers'>): RuleTrigger => JSON.parse(rule.triggers) as RuleTrigger

const ms = (duration: string | undefined): number | undefined =>
  duration === undefined ? undefined : secondsOfDuration(duration) * 1000

/** The lengths of a rule's limits. */
export const lengthsOf = ({ debounce, cooldown }: Limits) => ({ debounceMs: ms(debounce), cooldownMs: ms(cooldown) })

/** An event without what only the chain needs. */
export const seen = ({ prev_hash: _, hash: __, ...event }: EventRecord): SeenEvent => event

/**
 * Decides what a rule does on an event that it was found to wait for, and does so, once: the decision and the number of the event
 * are written together. Events must come in the order of the chain.
 */
export async function decideOn(needs: RuleNeeds, rule: RuleRow, event: EventRecord): Promise<void> {
  const correlation = correlationOf(event)
  const who = { workspace: rule.workspace, actor: `rule:${rule.name}`, correlation }
  await needs.db.withTransaction(who, async tx => {
    const now = await ruleForUpdate(tx, rule.name)
    if (now === undefined || now.id !== rule.id || now.is_enabled === 0 || now.decided_seq >= event.seq) return
    const source = compileTrigger(triggerOf(now), now.name)(event)
    if (source === undefined) return
    const situation = await situationOf(tx, now, correlation, source)
    await carryOut(tx, needs, now, event, onEvent(situation, event.seq))
  })
}

async function situationOf(tx: Tx, rule: RuleRow, correlation: string, source: Source): Promise<Situation> {
  const limits = limitsOf(rule)
  const now = tx.now.getTime()
  const lengths = lengthsOf(limits)
  return {
    limits,
    ...lengths,
    // a time of the calendar comes once
    debounceMs: source === 'schedule' ? undefined : lengths.debounceMs,
    now,
    firedAt: rule.fired_at,
    inLastHour: limits.max_per_hour === undefined ? 0 : await firedSince(tx, rule.id, hourBefore(now)),
    inChain: (await runsInChain(tx, rule.id, correlation)).filter(run => run.state !== 'skipped').length,
    held: rule.held === null ? undefined : (JSON.parse(rule.held) as Held),
  }
}

async function carryOut(
  tx: Tx,
  needs: RuleNeeds,
  rule: RuleRow,
  event: EventRecord,
  decision: Decision,
): Promise<void> {
  const decided_seq = event.seq
  if (decision.do === 'hold')
    return moveRule(tx, rule, { decided_seq, held: JSON.stringify(decision.held), held_until: decision.until })
  await act(tx, needs, rule, { event, events: 1 }, decision)
  await moveRule(tx, rule, { decided_seq, ...(decision.do === 'fire' ? { fired_at: tx.now.getTime() } : {}) })
}

async function act(
  tx: Tx,
  needs: RuleNeeds,
  rule: RuleRow,
  { event, events }: { event: EventRecord; events: number },
  decision: Exclude<Decision, { do: 'hold' }>,
): Promise<void> {
  const cause = { event: seen(event), correlation: correlationOf(event), events }
  if (decision.do === 'fire') await fire(tx, needs.tasks, rule, cause)
  else await skip(tx, rule, cause, decision.reason, decision.message)
}

/** Ends the debounce of a rule whose time has come: fires it on the newest of the events it held back. */
export async function release(needs: RuleNeeds, rule: RuleRow): Promise<void> {
  if (rule.held === null) return
  const { seq } = JSON.parse(rule.held) as Held
  const [row] = await eventsAfter(needs.db, seq - 1, 1)
  if (row === undefined) return
  const event = toRecord(row)
  const correlation = correlationOf(event)
  const who = { workspace: rule.workspace, actor: `rule:${rule.name}`, correlation }
  await needs.db.withTransaction(who, async tx => {
    const now = await ruleForUpdate(tx, rule.name)
    if (now === undefined || now.id !== rule.id || now.held !== rule.held || now.held_until !== rule.held_until) return
    const { count, since } = JSON.parse(now.held ?? '{}') as Held
    const decision = whenQuiet(await situationOf(tx, now, correlation, 'event'))
    if (decision.do === 'fire' && count > 1)
      tx.append({
        type: 'dev.hagane.rule.skipped',
        subject: `rule/${now.name}`,
        data: {
          ...{ rule: now.name, reason: 'debounce', events: count - 1, event: { seq } },
          message: `${count} events came between ${new Date(since).toISOString()} and the last, which stands for all`,
        },
      })
    await act(tx, needs, now, { event, events: count }, decision)
    const fired = decision.do === 'fire' ? { fired_at: tx.now.getTime() } : {}
    await moveRule(tx, now, { held: null, held_until: null, ...fired })
  })
}
