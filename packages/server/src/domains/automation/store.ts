import { lockUntilCommit, type Tx } from '../../kernel/db/index.ts'
import { newUlid } from '../../kernel/ids.ts'
import { created, modified } from '../../kernel/stamps.ts'
import type { RuleRow, RuleTables } from './tables.ts'

const on = (tx: Tx) => tx.db.withTables<RuleTables>()

/** The row as it is now, nobody else changing it, deciding for it or firing it. */
export async function ruleForUpdate(tx: Tx, name: string): Promise<RuleRow | undefined> {
  await lockUntilCommit(tx, `rules/${tx.who.workspace}/${name}`)
  return on(tx)
    .selectFrom('rules')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .executeTakeFirst()
}

export type RuleContent = Omit<
  RuleRow,
  'workspace' | 'id' | 'revision' | 'created_at' | 'created_by' | 'modified_at' | 'modified_by'
>

/** A new rule sees the events that come after it. */
export async function insertRule(
  tx: Tx,
  content: Omit<RuleContent, 'decided_seq' | 'fired_at' | 'held' | 'held_until'>,
): Promise<void> {
  await on(tx)
    .insertInto('rules')
    .values({
      ...content,
      workspace: tx.who.workspace,
      id: newUlid(tx.now.getTime()),
      ...{ decided_seq: await newestEvent(tx), fired_at: null, held: null, held_until: null },
      ...created(tx),
    })
    .execute()
}

/** Somebody changes a rule. */
export async function changeRule(tx: Tx, row: RuleRow, change: Partial<RuleContent>): Promise<void> {
  await moveRule(tx, row, { ...change, ...modified(tx, row) })
}

/** A rule goes on by itself; its revision stays. */
export async function moveRule(tx: Tx, row: RuleRow, change: Partial<RuleRow>): Promise<void> {
  await on(tx)
    .updateTable('rules')
    .set(change)
    .where('workspace', '=', row.workspace)
    .where('name', '=', row.name)
    .execute()
}

/** Removes a rule with all that is kept of its runs. */
export async function deleteRule(tx: Tx, row: RuleRow): Promise<void> {
  for (const table of ['rule_actions', 'rule_runs', 'rule_deliveries'] as const)
    await on(tx).deleteFrom(table).where('rule_id', '=', row.id).execute()
  await on(tx).deleteFrom('rules').where('workspace', '=', row.workspace).where('name', '=', row.name).execute()
}

/** Number of the newest event there is. */
export async function newestEvent(tx: Tx): Promise<number> {
  const head = await tx.db.selectFrom('event_head').select('seq').executeTakeFirst()
  return Number(head?.seq ?? 0)
}

/** Notes a delivery; false when it was there before. */
export async function noteDelivery(tx: Tx, rule: string, delivery: string): Promise<boolean> {
  const result = await on(tx)
    .insertInto('rule_deliveries')
    .values({ rule_id: rule, delivery, at: tx.now.toISOString() })
    .onConflict(conflict => conflict.doNothing())
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows ?? 0) > 0
}
