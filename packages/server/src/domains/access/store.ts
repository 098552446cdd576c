import type { Tx } from '../../kernel/db/index.ts'
import type { AccessTables } from './tables.ts'

export type TokenRow = AccessTables['tokens']
const on = (tx: Tx) => tx.db.withTables<AccessTables>()

export const insertToken = (tx: Tx, row: TokenRow) => on(tx).insertInto('tokens').values(row).execute()

/** True when there was such a token, in this workspace if one is given, and it was not revoked yet. */
export async function revokeToken(tx: Tx, id: string, workspace: string | undefined): Promise<boolean> {
  const live = on(tx).updateTable('tokens').set({ revoked: 1 }).where('id', '=', id).where('revoked', '=', 0)
  const result = await (workspace === undefined ? live : live.where('workspace', '=', workspace)).executeTakeFirst()
  return Number(result.numUpdatedRows) === 1
}

/** In the transaction's workspace alone: another may have a job of the same name. */
export const deleteTokensOf = (tx: Tx, actor: string) =>
  on(tx).deleteFrom('tokens').where('actor', '=', actor).where('workspace', '=', tx.who.workspace).execute()
