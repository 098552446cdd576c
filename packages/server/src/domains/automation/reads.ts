import type { Database } from '../../kernel/db/index.ts'
import type { ActionRow, RuleRow, RuleTables, RunRow } from './tables.ts'

const on = (db: Database) => db.reads.withTables<RuleTables>()

export const findRule = (db: Database, workspace: string, name: string): Promise<RuleRow | undefined> =>
  on(db).selectFrom('rules').selectAll().where('workspace', '=', workspace).where('name', '=', name).executeTakeFirst()

/** The sealed secret of a rule that is there, by its id. */
export async function findSecret(db: Database, id: string): Promise<string | undefined> {
  const row = await on(db).selectFrom('rules').select('secret').where('id', '=', id).executeTakeFirst()
  return row?.secret ?? undefined
}

export function listRules(db: Database, workspace: string, limit: number, after?: string): Promise<RuleRow[]> {
  const query = on(db).selectFrom('rules').selectAll().where('workspace', '=', workspace)
  return (after === undefined ? query : query.where('name', '>', after)).orderBy('name').limit(limit).execute()
}

/** Enabled rules of all workspaces. */
export const enabledRules = (db: Database): Promise<RuleRow[]> =>
  on(db).selectFrom('rules').selectAll().where('is_enabled', '=', 1).execute()

/** Rules whose schedule has a time that has come, or whose debounce is over. */
export async function dueRules(db: Database, now: number): Promise<RuleRow[]> {
  return on(db)
    .selectFrom('rules')
    .selectAll()
    .where(({ eb, or }) => or([eb('next_tick', '<=', now), eb('held_until', '<=', now)]))
    .execute()
}

/** Newest first. */
export function listRuns(db: Database, rule: string, limit: number, before?: number): Promise<RunRow[]> {
  const query = on(db).selectFrom('rule_runs').selectAll().where('rule_id', '=', rule)
  return (before === undefined ? query : query.where('number', '<', before))
    .orderBy('number', 'desc')
    .limit(limit)
    .execute()
}

export const findRun = (db: Database, rule: string, number: number): Promise<RunRow | undefined> =>
  on(db).selectFrom('rule_runs').selectAll().where('rule_id', '=', rule).where('number', '=', number).executeTakeFirst()

/** The newest run of each rule, by the rule's id. */
export async function lastRuns(db: Database, rules: readonly string[]): Promise<Map<string, RunRow>> {
  if (rules.length === 0) return new Map()
  const rows = await on(db)
    .selectFrom('rule_runs as run')
    .selectAll()
    .where('rule_id', 'in', rules)
    .where('number', '=', query =>
      query
        .selectFrom('rule_runs as other')
        .select(({ fn }) => fn.max('other.number').as('number'))
        .whereRef('other.rule_id', '=', 'run.rule_id'),
    )
    .execute()
  return new Map(rows.map(row => [row.rule_id, row]))
}

/** The actions of runs of a rule, by the run's number and in order. */
export async function actionsOf(
  db: Database,
  rule: string,
  numbers: readonly number[],
): Promise<Map<number, ActionRow[]>> {
  const found = new Map<number, ActionRow[]>()
  if (numbers.length === 0) return found
  const rows = await on(db)
    .selectFrom('rule_actions')
    .selectAll()
    .where('rule_id', '=', rule)
    .where('number', 'in', numbers)
    .orderBy('number')
    .orderBy('position')
    .execute()
  for (const row of rows) found.set(row.number, [...(found.get(row.number) ?? []), row])
  return found
}

/** Actions that wait for one of these, in all workspaces. */
export const waitingFor = (db: Database, subjects: readonly string[]): Promise<ActionRow[]> =>
  on(db).selectFrom('rule_actions').selectAll().where('waits_for', 'in', subjects).execute()

/** How many runs a rule has fired since a time, and how many in one chain. */
export async function countsOf(
  db: Database,
  rule: string,
  since: number,
  correlation: string,
): Promise<{ inLastHour: number; inChain: number }> {
  const count = () =>
    on(db)
      .selectFrom('rule_runs')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .where('rule_id', '=', rule)
      .where('state', '!=', 'skipped')
  const [hour, chain] = await Promise.all([
    count().where('started_ms', '>', since).executeTakeFirst(),
    count().where('correlation', '=', correlation).executeTakeFirst(),
  ])
  return { inLastHour: Number(hour?.n ?? 0), inChain: Number(chain?.n ?? 0) }
}
