import type { Tx } from '../../kernel/db/index.ts'
import type { DataTables } from './tables.ts'

const on = (tx: Tx) => tx.db.withTables<DataTables>()

/** Creates or replaces: a datastore is a name, not a version. */
export async function putDatastore(tx: Tx, row: { name: string; spec: string; sealed: string | null }): Promise<void> {
  const at = tx.now.toISOString()
  const change = { spec: row.spec, sealed: row.sealed, modified_at: at }
  await on(tx)
    .insertInto('datastores')
    .values({ ...change, workspace: tx.who.workspace, name: row.name, created_at: at, created_by: tx.who.actor })
    .onConflict(conflict => conflict.columns(['workspace', 'name']).doUpdateSet(change))
    .execute()
}

export async function deleteDatastore(tx: Tx, name: string): Promise<boolean> {
  const result = await on(tx)
    .deleteFrom('datastores')
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .executeTakeFirst()
  return Number(result.numDeletedRows) === 1
}
