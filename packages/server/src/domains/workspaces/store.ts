import type { Tx } from '../../kernel/db/index.ts'
import { created, modified } from '../../kernel/stamps.ts'
import type { WorkspaceTables } from './tables.ts'

export type WorkspaceRow = WorkspaceTables['workspaces']

export async function insertWorkspace(
  tx: Tx,
  values: Pick<WorkspaceRow, 'name' | 'kind' | 'display_name' | 'description' | 'tags'>,
): Promise<WorkspaceRow> {
  const row = {
    ...values,
    ...created(tx),
  }
  await tx.db.withTables<WorkspaceTables>().insertInto('workspaces').values(row).execute()
  return row
}

export async function updateWorkspace(
  tx: Tx,
  row: WorkspaceRow,
  change: Partial<Pick<WorkspaceRow, 'display_name' | 'description' | 'tags'>>,
): Promise<void> {
  await tx.db
    .withTables<WorkspaceTables>()
    .updateTable('workspaces')
    .set({ ...change, ...modified(tx, row) })
    .where('name', '=', row.name)
    .execute()
}

export const workspaceForUpdate = (tx: Tx, name: string): Promise<WorkspaceRow | undefined> =>
  tx.db.withTables<WorkspaceTables>().selectFrom('workspaces').selectAll().where('name', '=', name).executeTakeFirst()

/** Whether it was there. */
export async function deleteWorkspace(tx: Tx, name: string): Promise<boolean> {
  const found = await tx.db
    .withTables<WorkspaceTables>()
    .deleteFrom('workspaces')
    .where('name', '=', name)
    .executeTakeFirst()
  return found.numDeletedRows > 0n
}
