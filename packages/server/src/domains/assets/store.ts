import { lockUntilCommit, type Tx } from '../../kernel/db/index.ts'
import { created, modified } from '../../kernel/stamps.ts'
import type { AssetTables } from './tables.ts'

type AssetRow = AssetTables['assets']

const on = (tx: Tx) => tx.db.withTables<AssetTables>()

export async function insertAsset(
  tx: Tx,
  row: Omit<
    AssetRow,
    'workspace' | 'created_seq' | 'archived' | 'revision' | 'created_at' | 'created_by' | 'modified_at' | 'modified_by'
  >,
): Promise<AssetRow> {
  const newest = await on(tx)
    .selectFrom('assets')
    .select(({ fn }) => fn.max('created_seq').as('seq'))
    .where('workspace', '=', tx.who.workspace)
    .where('kind', '=', row.kind)
    .executeTakeFirst()
  const full = {
    ...row,
    workspace: tx.who.workspace,
    created_seq: Number(newest?.seq ?? 0) + 1,
    archived: 0,
    ...created(tx),
  }
  await on(tx).insertInto('assets').values(full).execute()
  return full
}

/** One writer at a time for the assets of a kind: versions and their order are counted up. */
export const lockAssets = (tx: Tx, kind: string): Promise<void> =>
  lockUntilCommit(tx, `assets/${tx.who.workspace}/${kind}`)

/** Every version that was ever given to this name, to count up from. */
export async function versionsOf(tx: Tx, kind: string, name: string): Promise<string[]> {
  const rows = await on(tx)
    .selectFrom('assets')
    .select('version')
    .where('workspace', '=', tx.who.workspace)
    .where('kind', '=', kind)
    .where('name', '=', name)
    .execute()
  return rows.map(row => row.version)
}

export async function findForUpdate(
  tx: Tx,
  kind: string,
  name: string,
  version: string,
): Promise<AssetRow | undefined> {
  return on(tx)
    .selectFrom('assets')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('kind', '=', kind)
    .where('name', '=', name)
    .where('version', '=', version)
    .executeTakeFirst()
}

export async function changeAsset(
  tx: Tx,
  row: AssetRow,
  change: Partial<Pick<AssetRow, 'description' | 'tags' | 'properties' | 'archived'>>,
): Promise<void> {
  await on(tx)
    .updateTable('assets')
    .set({ ...change, ...modified(tx, row) })
    .where('workspace', '=', row.workspace)
    .where('kind', '=', row.kind)
    .where('name', '=', row.name)
    .where('version', '=', row.version)
    .where('revision', '=', row.revision)
    .execute()
}

export async function putLabel(tx: Tx, kind: string, name: string, label: string, version: string): Promise<void> {
  await on(tx)
    .insertInto('asset_labels')
    .values({ workspace: tx.who.workspace, kind, name, label, version })
    .onConflict(conflict => conflict.columns(['workspace', 'kind', 'name', 'label']).doUpdateSet({ version }))
    .execute()
}
