import type { EventRecord } from '@hagane/contract'
import type { EventRow } from '../../kernel/events/index.ts'
import { toRecord } from '../../kernel/events/index.ts'
import { settle } from './advance.ts'
import { decideOn, triggerOf } from './decide.ts'
import { compileTrigger, type Source } from './matching.ts'
import type { RuleNeeds } from './needs.ts'
import { enabledRules, waitingFor } from './reads.ts'
import type { RuleRow } from './tables.ts'

type Matches = (event: EventRecord) => Source | undefined

/** The last words of what actions wait for, and under which subject they do. */
const ends: Readonly<Record<string, (event: EventRecord) => string>> = {
  'dev.hagane.job.completed': event => event.subject,
  'dev.hagane.job.failed': event => event.subject,
  'dev.hagane.job.canceled': event => event.subject,
  ...Object.fromEntries(
    ['passed', 'failed', 'inconclusive', 'not-judged'].map(what => [
      `dev.hagane.gate.${what}`,
      (event: EventRecord) => `gate-run/${String(event.data.run)}`,
    ]),
  ),
  'dev.hagane.rollout.promoted': event => event.subject,
  'dev.hagane.rollout.rolled-back': event => event.subject,
}

/**
 * Hears every event in order: it ends the actions that wait for it, then sets off the rules that wait for it. An event that comes
 * twice changes nothing the second time.
 */
export function buildListener(needs: RuleNeeds): (rows: readonly EventRow[]) => Promise<void> {
  const compiled = new Map<string, { revision: number; matches: Matches }>()
  const matcherOf = (rule: RuleRow): Matches => {
    const known = compiled.get(rule.id)
    if (known?.revision === rule.revision) return known.matches
    const matches = compileTrigger(triggerOf(rule), rule.name)
    compiled.set(rule.id, { revision: rule.revision, matches })
    return matches
  }
  return async rows => {
    await settleWaiting(needs, rows)
    const rules = await enabledRules(needs.db)
    if (rules.length === 0) return
    for (const id of compiled.keys()) if (!rules.some(rule => rule.id === id)) compiled.delete(id)
    for (const row of rows) {
      const listening = rules.filter(rule => rule.workspace === row.workspace && row.seq > rule.decided_seq)
      if (listening.length === 0) continue
      const event = toRecord(row)
      for (const rule of listening) if (matcherOf(rule)(event) !== undefined) await decideOn(needs, rule, event)
    }
  }
}

async function settleWaiting(needs: RuleNeeds, rows: readonly EventRow[]): Promise<void> {
  const ended = rows.flatMap(row => {
    const subject = ends[row.type]?.(toRecord(row))
    return subject === undefined ? [] : [{ subject, workspace: row.workspace }]
  })
  if (ended.length === 0) return
  for (const action of await waitingFor(needs.db, [...new Set(ended.map(end => end.subject))]))
    if (ended.some(end => end.subject === action.waits_for && end.workspace === action.workspace))
      await settle(needs, action)
}
