import type { Tx } from '../../../kernel/db/index.ts'
import type { JobTables } from '../model/tables.ts'

const on = (tx: Tx) => tx.db.withTables<JobTables>()

type Row = JobTables['reproductions']

/** Notes that a job computes another again, in the transaction that submits it. */
export const insertReproduction = (tx: Tx, row: Pick<Row, 'job' | 'original' | 'tolerance' | 'changed'>) =>
  on(tx)
    .insertInto('reproductions')
    .values({
      workspace: tx.who.workspace,
      ...row,
      verdict: null,
      report: null,
      created_at: tx.now.toISOString(),
      judged_at: null,
    })
    .execute()

/** Keeps the verdict; false when there was one already. */
export async function keepVerdict(tx: Tx, job: string, verdict: Row['verdict'], report: string): Promise<boolean> {
  const changed = await on(tx)
    .updateTable('reproductions')
    .set({ verdict, report, judged_at: tx.now.toISOString() })
    .where('workspace', '=', tx.who.workspace)
    .where('job', '=', job)
    .where('verdict', 'is', null)
    .executeTakeFirst()
  return Number(changed.numUpdatedRows) > 0
}
