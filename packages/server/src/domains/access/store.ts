import type { Tx } from '../../kernel/db/index.ts'
import type { AccessTables } from './tables.ts'

export type TokenRow = AccessTables['tokens']
const on = (tx: Tx) => tx.db.withTables<AccessTables>()

export const insertToken = (tx: Tx, row: TokenRow) => on(tx).insertInto('tokens').values(row).execute()

/** True when there was such a token and it was not revoked yet. */
export async function revokeToken(tx: Tx, id: string): Promise<boolean> {
  const result = await on(tx)
    .updateTable('tokens')
    .set({ revoked: 1 })
    .where('id', '=', id)
    .where('revoked', '=', 0)
    .executeTakeFirst()
  return Number(result.numUpdatedRows) === 1
}

export const deleteTokensOf = (tx: Tx, actor: string) =>
  on(tx).deleteFrom('tokens').where('actor', '=', actor).execute()
