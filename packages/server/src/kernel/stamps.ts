import type { Tx } from './db/index.ts'

/** What every changeable row says of its history; `revision` counts its changes and is the etag. Times are RFC 3339. */
export interface Stamps {
  revision: number
  created_at: string
  created_by: string
  modified_at: string
  modified_by: string
}

/** The stamps of a row that this transaction writes for the first time. */
export function created(tx: Tx): Stamps {
  const at = tx.now.toISOString()
  return { revision: 1, created_at: at, created_by: tx.who.actor, modified_at: at, modified_by: tx.who.actor }
}

/** What a change of this transaction does to the stamps of a row. */
export const modified = (tx: Tx, row: { revision: number }) => ({
  revision: row.revision + 1,
  modified_at: tx.now.toISOString(),
  modified_by: tx.who.actor,
})

/** Who made a resource and who changed it last, in the words of Azure ML. */
export const creationContextOf = (row: Omit<Stamps, 'revision'>) => ({
  created_at: row.created_at,
  created_by: row.created_by,
  last_modified_at: row.modified_at,
  last_modified_by: row.modified_by,
})
