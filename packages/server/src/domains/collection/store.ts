import type { Tx } from '../../kernel/db/index.ts'
import type { CollectedFileRow, CollectionTables } from './tables.ts'

const on = (tx: Tx) => tx.db.withTables<CollectionTables>()

export async function insertFiles(
  tx: Tx,
  files: Omit<CollectedFileRow, 'workspace' | 'created_at' | 'expired_at'>[],
): Promise<void> {
  if (files.length === 0) return
  const stamps = { workspace: tx.who.workspace, created_at: tx.now.toISOString(), expired_at: null }
  await on(tx)
    .insertInto('collected_files')
    .values(files.map(file => ({ ...file, ...stamps })))
    .execute()
}

/** False when the capture was converted before. */
export async function noteConverted(tx: Tx, capture: string): Promise<boolean> {
  const result = await on(tx)
    .insertInto('converted_captures')
    .values({ capture, converted_at: tx.now.toISOString() })
    .onConflict(conflict => conflict.doNothing())
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows ?? 0) === 1
}

export async function expireFiles(tx: Tx, paths: readonly string[]): Promise<void> {
  await on(tx)
    .updateTable('collected_files')
    .set({ expired_at: tx.now.toISOString() })
    .where('workspace', '=', tx.who.workspace)
    .where('path', 'in', paths)
    .execute()
}
