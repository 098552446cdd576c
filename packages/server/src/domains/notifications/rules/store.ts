import { lockUntilCommit, type Tx } from '../../../kernel/db/index.ts'
import { newUlid } from '../../../kernel/ids.ts'
import { created, modified } from '../../../kernel/stamps.ts'
import type { NotificationTables, RuleRow } from '../tables.ts'
import type { RuleState } from './machine.ts'

const on = (tx: Tx) => tx.db.withTables<NotificationTables>()

export async function ruleForUpdate(tx: Tx, name: string): Promise<RuleRow | undefined> {
  await lockUntilCommit(tx, `alert-rules/${tx.who.workspace}/${name}`)
  return on(tx)
    .selectFrom('alert_rules')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .executeTakeFirst()
}

/** Writes a rule that begins now: what an earlier one of the name remembered is forgotten. */
export async function putRule(tx: Tx, name: string, spec: string, before: RuleRow | undefined): Promise<void> {
  const head = await tx.db.selectFrom('event_head').select('seq').executeTakeFirst()
  const since_seq = head?.seq ?? 0
  if (before === undefined)
    await on(tx)
      .insertInto('alert_rules')
      .values({
        ...{ workspace: tx.who.workspace, name, spec, since_seq, id: newUlid(tx.now.getTime()) },
        ...created(tx),
      })
      .execute()
  else {
    await on(tx)
      .updateTable('alert_rules')
      .set({ spec, since_seq, ...modified(tx, before) })
      .where('id', '=', before.id)
      .execute()
    await forgetStates(tx, before.id)
  }
}

export async function deleteRule(tx: Tx, { id }: RuleRow): Promise<void> {
  await on(tx).deleteFrom('alert_rules').where('id', '=', id).execute()
  await forgetStates(tx, id)
}

const forgetStates = (tx: Tx, id: string) => on(tx).deleteFrom('alert_rule_states').where('rule_id', '=', id).execute()

export async function stateOf(tx: Tx, rule: string, key: string): Promise<RuleState | undefined> {
  const row = await on(tx)
    .selectFrom('alert_rule_states')
    .select('state')
    .where('rule_id', '=', rule)
    .where('rule_key', '=', key)
    .executeTakeFirst()
  return row === undefined ? undefined : (JSON.parse(row.state) as RuleState)
}

export async function keepState(
  tx: Tx,
  rule: string,
  key: string,
  { state, due }: { state: RuleState; due: number | undefined },
): Promise<void> {
  const change = { state: JSON.stringify(state), due_at: due ?? null }
  await on(tx)
    .insertInto('alert_rule_states')
    .values({ rule_id: rule, rule_key: key, ...change })
    .onConflict(conflict => conflict.columns(['rule_id', 'rule_key']).doUpdateSet(change))
    .execute()
}

/** Keys of rules whose time has come. */
export const dueStates = (tx: Tx, rules: readonly string[], now: number) =>
  on(tx)
    .selectFrom('alert_rule_states')
    .selectAll()
    .where('rule_id', 'in', rules)
    .where('due_at', '<=', now)
    .orderBy('due_at')
    .execute()
