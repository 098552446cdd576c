import type { Database } from '../../kernel/db/index.ts'
import type { AuditTables } from './tables.ts'

const on = (db: Database) => db.reads.withTables<AuditTables>()

/** Hashes of the events from..to-1, counted from 0. */
export async function eventHashes(db: Database, from: number, to: number): Promise<string[]> {
  const rows = await db.reads
    .selectFrom('events')
    .select('hash')
    .where('seq', '>', from)
    .where('seq', '<=', to)
    .orderBy('seq')
    .execute()
  return rows.map(row => row.hash)
}

export async function tileHashes(db: Database, level: number, from: number, to: number): Promise<string[]> {
  const rows = await on(db)
    .selectFrom('audit_tiles')
    .select('hash')
    .where('level', '=', level)
    .where('idx', '>=', from)
    .where('idx', '<', to)
    .orderBy('idx')
    .execute()
  return rows.map(row => row.hash)
}

/** How many tiles of a level there are; they have no gaps. */
export async function tileCount(db: Database, level: number): Promise<number> {
  const row = await on(db)
    .selectFrom('audit_tiles')
    .select(({ fn }) => fn.max('idx').as('last'))
    .where('level', '=', level)
    .executeTakeFirst()
  return row?.last === null || row?.last === undefined ? 0 : Number(row.last) + 1
}

/** Number and hash of the last event. */
export async function chainHead(db: Database): Promise<{ seq: number; hash: string }> {
  const row = await db.reads.selectFrom('event_head').select(['seq', 'hash']).executeTakeFirstOrThrow()
  return { seq: Number(row.seq), hash: row.hash }
}
