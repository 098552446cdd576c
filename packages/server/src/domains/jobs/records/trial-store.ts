import type { Database, Tx } from '../../../kernel/db/index.ts'
import type { JobTables, TrialRow } from '../model/tables.ts'

const on = (tx: Tx) => tx.db.withTables<JobTables>()

export async function insertTrials(tx: Tx, rows: TrialRow[]): Promise<void> {
  if (rows.length > 0) await on(tx).insertInto('sweep_trials').values(rows).execute()
}

/** How many trials a sweep has so far. */
export async function trialCount(tx: Tx, sweep: string): Promise<number> {
  const row = await on(tx)
    .selectFrom('sweep_trials')
    .select(({ fn }) => fn.max('number').as('last'))
    .where('workspace', '=', tx.who.workspace)
    .where('sweep', '=', sweep)
    .executeTakeFirst()
  return row?.last === null || row?.last === undefined ? 0 : Number(row.last) + 1
}

/** Notes that the policy has looked at a trial, and why it stopped it if it did. */
export async function markJudged(tx: Tx, job: string, judged: number, stopped: string | null): Promise<void> {
  await on(tx)
    .updateTable('sweep_trials')
    .set({ judged, ...(stopped === null ? {} : { stopped }) })
    .where('workspace', '=', tx.who.workspace)
    .where('job', '=', job)
    .execute()
}

/** Keeps what a trial has logged so far; it could be read again from its run. */
export const keepProgress = (
  db: Database,
  workspace: string,
  job: string,
  progress: Pick<TrialRow, 'value' | 'intervals'>,
): Promise<unknown> =>
  db.relaxed(relaxed =>
    relaxed
      .withTables<JobTables>()
      .updateTable('sweep_trials')
      .set(progress)
      .where('workspace', '=', workspace)
      .where('job', '=', job)
      .execute(),
  )
