import type { Kysely } from 'kysely'
import type { Tx } from '../../kernel/db/index.ts'
import type { ExplanationRow, ExplanationTables } from './tables.ts'

const on = (tx: Tx) => tx.db.withTables<ExplanationTables>() as unknown as Kysely<ExplanationTables>

export const keepExplanation = (tx: Tx, row: Pick<ExplanationRow, 'job' | 'model' | 'prediction'>) =>
  on(tx)
    .insertInto('explanations')
    .values({ ...row, workspace: tx.who.workspace, created_at: tx.now.toISOString(), told: 0 })
    .execute()

/** True for the first who says it. */
export async function markTold(tx: Tx, job: string): Promise<boolean> {
  const done = await on(tx)
    .updateTable('explanations')
    .set({ told: 1 })
    .where('workspace', '=', tx.who.workspace)
    .where('job', '=', job)
    .where('told', '=', 0)
    .executeTakeFirst()
  return Number(done.numUpdatedRows) > 0
}
