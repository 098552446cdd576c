import { lockUntilCommit, type Tx } from '../../kernel/db/index.ts'
import type { ActionRow, RuleTables, RunRow } from './tables.ts'

const on = (tx: Tx) => tx.db.withTables<RuleTables>()

export interface RunKey {
  rule_id: string
  number: number
}

/** The newest run of a rule, skipped ones too. The caller holds the rule. */
export const newestRun = (tx: Tx, rule: string): Promise<RunRow | undefined> =>
  on(tx)
    .selectFrom('rule_runs')
    .selectAll()
    .where('rule_id', '=', rule)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()

/** How many runs a rule has fired since a time. */
export async function firedSince(tx: Tx, rule: string, since: number): Promise<number> {
  const row = await on(tx)
    .selectFrom('rule_runs')
    .select(({ fn }) => fn.countAll<number>().as('n'))
    .where('rule_id', '=', rule)
    .where('started_ms', '>', since)
    .where('state', '!=', 'skipped')
    .executeTakeFirst()
  return Number(row?.n ?? 0)
}

/** The runs of a rule in one chain of events, oldest first. */
export const runsInChain = (
  tx: Tx,
  rule: string,
  correlation: string,
): Promise<Pick<RunRow, 'number' | 'state' | 'reason'>[]> =>
  on(tx)
    .selectFrom('rule_runs')
    .select(['number', 'state', 'reason'])
    .where('rule_id', '=', rule)
    .where('correlation', '=', correlation)
    .orderBy('number')
    .execute()

/** The last run before this one that has come to an end. */
export const endedBefore = (tx: Tx, { rule_id, number }: RunKey): Promise<Pick<RunRow, 'state'> | undefined> =>
  on(tx)
    .selectFrom('rule_runs')
    .select('state')
    .where('rule_id', '=', rule_id)
    .where('number', '<', number)
    .where('state', 'in', ['completed', 'failed'])
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()

export async function insertRun(tx: Tx, run: RunRow, actions: readonly ActionRow[]): Promise<void> {
  await on(tx).insertInto('rule_runs').values(run).execute()
  if (actions.length > 0) await on(tx).insertInto('rule_actions').values(actions).execute()
}

export async function changeRun(tx: Tx, run: RunKey, change: Partial<RunRow>): Promise<void> {
  await on(tx)
    .updateTable('rule_runs')
    .set(change)
    .where('rule_id', '=', run.rule_id)
    .where('number', '=', run.number)
    .execute()
}

export interface HeldRun {
  run: RunRow
  actions: ActionRow[]
}

/** A run with its actions as they are now, nobody else advancing it. */
export async function runForUpdate(tx: Tx, key: RunKey): Promise<HeldRun | undefined> {
  await lockUntilCommit(tx, `rule-runs/${key.rule_id}/${key.number}`)
  const run = await on(tx)
    .selectFrom('rule_runs')
    .selectAll()
    .where('rule_id', '=', key.rule_id)
    .where('number', '=', key.number)
    .executeTakeFirst()
  if (run === undefined) return undefined
  const actions = await on(tx)
    .selectFrom('rule_actions')
    .selectAll()
    .where('rule_id', '=', key.rule_id)
    .where('number', '=', key.number)
    .orderBy('position')
    .execute()
  return { run, actions }
}

export async function changeAction(tx: Tx, row: ActionRow, change: Partial<ActionRow>): Promise<void> {
  await on(tx)
    .updateTable('rule_actions')
    .set(change)
    .where('rule_id', '=', row.rule_id)
    .where('number', '=', row.number)
    .where('position', '=', row.position)
    .execute()
}
