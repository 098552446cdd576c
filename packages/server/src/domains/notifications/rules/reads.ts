import type { Database } from '../../../kernel/db/index.ts'
import type { NotificationTables, RuleRow } from '../tables.ts'

const on = (db: Database) => db.reads.withTables<NotificationTables>()

export const findRule = (db: Database, workspace: string, name: string): Promise<RuleRow | undefined> =>
  on(db)
    .selectFrom('alert_rules')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('name', '=', name)
    .executeTakeFirst()

/** By name. */
export function listRules(
  db: Database,
  workspace: string,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<RuleRow[]> {
  const query = on(db).selectFrom('alert_rules').selectAll().where('workspace', '=', workspace)
  return (after === undefined ? query : query.where('name', '>', after)).orderBy('name').limit(limit).execute()
}

/** Of every workspace. From the writing connection: what is decided on them is written. */
export const allRules = (db: Database): Promise<RuleRow[]> =>
  db.writes.withTables<NotificationTables>().selectFrom('alert_rules').selectAll().orderBy('id').execute()

/** Rules for which time alone brings something by now. */
export async function rulesDue(db: Database, now: number): Promise<string[]> {
  const rows = await on(db)
    .selectFrom('alert_rule_states')
    .select('rule_id')
    .distinct()
    .where('due_at', '<=', now)
    .execute()
  return rows.map(row => row.rule_id)
}
