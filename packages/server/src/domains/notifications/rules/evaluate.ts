import type { Tx } from '../../../kernel/db/index.ts'
import type { EventRow } from '../../../kernel/events/index.ts'
import { raise, settle } from '../alerts/signals.ts'
import { begin, dueAt, onEnd, onEvent, onTime, type RuleState, type Step } from './machine.ts'
import { overMetric } from './metric-step.ts'
import { keyOf, type Rule, signalOf } from './rule.ts'
import { dueStates, keepState, stateOf } from './store.ts'

/** Carries a rule over an event that it looks at, in the transaction that moves past the event. */
export async function ruleOverEvent(tx: Tx, rule: Rule, event: EventRow, what: 'counts' | 'ends'): Promise<void> {
  const key = keyOf(rule, event.subject)
  const before = (await stateOf(tx, rule.id, key)) ?? begin(rule.startedAt)
  const at = Math.max(Date.parse(event.time), before.lastAt)
  const passed = onTime(rule.timings, before, at)
  const step = what === 'ends' ? onEnd(passed.state, at) : onEvent(rule.timings, passed.state, at)
  await carryOut(tx, rule, key, { state: step.state, moves: [...passed.moves, ...step.moves] }, event)
}

/** Carries rules over what time alone brings by now. */
export async function rulesOverTime(tx: Tx, rules: readonly Rule[], now: number): Promise<void> {
  if (rules.length === 0) return
  const byId = new Map(rules.map(rule => [rule.id, rule]))
  for (const row of await dueStates(tx, [...byId.keys()], now)) {
    const rule = byId.get(row.rule_id)
    if (rule === undefined) continue
    const step = onTime(rule.timings, JSON.parse(row.state) as RuleState, now)
    await carryOut(tx, rule, row.rule_key, step, undefined)
  }
}

/** Carries a rule over the present value of its metric; nothing was measured: nothing changes. */
export async function ruleOverMetric(tx: Tx, rule: Rule, value: number | undefined): Promise<void> {
  const step = overMetric(rule, await stateOf(tx, rule.id, ''), value, tx.now.getTime())
  if (step !== undefined) await carryOut(tx, rule, '', step, undefined)
}

/** A rule that waits for what does not come has a state from its first day. */
export async function beginAbsence(tx: Tx, rule: Rule): Promise<void> {
  if (rule.timings.absentFor === undefined || (await stateOf(tx, rule.id, '')) !== undefined) return
  const state = begin(rule.startedAt)
  await keepState(tx, rule.id, '', { state, due: dueAt(rule.timings, state) })
}

async function carryOut(
  tx: Tx,
  rule: Rule,
  key: string,
  { state, moves }: Step,
  event: EventRow | undefined,
): Promise<void> {
  await keepState(tx, rule.id, key, { state, due: dueAt(rule.timings, state) })
  const cause = { rule: rule.spec.name, eventId: event?.id ?? `alert-rule/${rule.spec.name}`, correlation: event?.id }
  for (const { move } of moves) {
    const isOver = move === 'resolved' || move === 'dropped'
    const signal = signalOf(rule, key, state, isOver)
    if (isOver) await settle(tx, signal.key, move === 'dropped' ? 'the condition did not last' : undefined)
    else await raise(tx, signal, cause, move === 'pending' ? 'pending' : 'firing')
  }
}
