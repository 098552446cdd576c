import { sql } from 'kysely'
import type { Tx } from './database.ts'

/**
 * Holds everybody else off who asks for the same name, until this transaction ends. SQLite has one writer and needs nothing.
 * On PostgreSQL it is an advisory lock: take several in one order everywhere, or two transactions wait for each other.
 */
export async function lockUntilCommit(tx: Pick<Tx, 'db' | 'dialect'>, name: string): Promise<void> {
  if (tx.dialect === 'postgres') await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(tx.db)
}
