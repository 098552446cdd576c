import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import type { Engine } from './database.ts'
import type { KernelTables } from './tables.ts'

/** Any number; it only has to be the same for every server on one database. */
const CHAIN_LOCK = 4_207_849_484

const INT8 = 20
const NUMERIC = 1700

/** PostgreSQL by a pool. int8 and numeric come back as numbers, as on SQLite; larger than 2^53 is an error there too. */
export function openPostgres(url: string): Engine {
  const types = {
    getTypeParser: (oid: number, format?: 'text' | 'binary') =>
      oid === INT8 || oid === NUMERIC ? (text: string) => Number(text) : pg.types.getTypeParser(oid, format as 'text'),
  }
  const pool = new pg.Pool({ connectionString: url, max: 10, types: types as pg.CustomTypesConfig })
  pool.on('error', () => {}) // a broken idle connection is replaced by the pool; the next query tells the caller
  const db = new Kysely<KernelTables>({ dialect: new PostgresDialect({ pool }) })
  return {
    dialect: 'postgres',
    reads: db,
    writes: db,
    transaction: (durability, fn) =>
      db.transaction().execute(async tx => {
        if (durability === 'relaxed') await sql`set local synchronous_commit = off`.execute(tx)
        return fn(tx)
      }),
    // a commit waits for its own, which the server groups
    synced: async () => {},
    lockChain: async tx => {
      await sql`select pg_advisory_xact_lock(${CHAIN_LOCK})`.execute(tx)
    },
    isUniqueViolation: error => (error as { code?: string }).code === '23505',
    close: () => db.destroy(),
  }
}
