import type { Kysely } from 'kysely'
import type { Database, Tx } from '../../kernel/db/index.ts'
import type { AuditTables } from './tables.ts'

/** Keeps roots of subtrees. They follow from the events, so a cut of power may take them back, and another server may be first. */
export async function keepTiles(db: Database, level: number, from: number, hashes: readonly string[]): Promise<void> {
  for (let i = 0; i < hashes.length; i += 300)
    await db.relaxed(tx =>
      (tx.withTables<AuditTables>() as unknown as Kysely<AuditTables>)
        .insertInto('audit_tiles')
        .values(hashes.slice(i, i + 300).map((hash, n) => ({ level, idx: from + i + n, hash })))
        .onConflict(conflict => conflict.doNothing())
        .execute(),
    )
}

/** Whether any event has this subject. */
export const isTold = async (tx: Tx, subject: string): Promise<boolean> =>
  (await tx.db.selectFrom('events').select('seq').where('subject', '=', subject).limit(1).executeTakeFirst()) !==
  undefined
