import type { Tx } from '../../kernel/db/index.ts'
import type { ComputeTables } from './tables.ts'

export type ComputeRow = ComputeTables['compute']
const on = (tx: Tx) => tx.db.withTables<ComputeTables>()

/** Creates or replaces: a compute is a name, not a versioned asset. */
export async function putCompute(tx: Tx, values: Pick<ComputeRow, 'name' | 'type' | 'spec'>): Promise<void> {
  const at = tx.now.toISOString()
  const change = { type: values.type, spec: values.spec, modified_at: at, modified_by: tx.who.actor }
  await on(tx)
    .insertInto('compute')
    .values({ ...change, workspace: tx.who.workspace, name: values.name, created_at: at, created_by: tx.who.actor })
    .onConflict(conflict => conflict.columns(['workspace', 'name']).doUpdateSet(change))
    .execute()
}

export async function deleteCompute(tx: Tx, name: string): Promise<boolean> {
  const result = await on(tx)
    .deleteFrom('compute')
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .executeTakeFirst()
  return Number(result.numDeletedRows) === 1
}
