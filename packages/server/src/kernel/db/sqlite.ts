import { type FileHandle, open as openFile } from 'node:fs/promises'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { Kysely, SqliteDialect } from 'kysely'
import type { Engine } from './database.ts'
import { grouped } from './grouped.ts'
import type { KernelTables } from './tables.ts'

const STATEMENT_CACHE = 500

/** node:sqlite behind the small face that Kysely's SQLite dialect asks for; statements are prepared once and kept. */
function asKyselyDatabase(db: DatabaseSync) {
  const cache = new Map<string, { statement: StatementSync; reader: boolean }>()
  const prepared = (sql: string) => {
    const known = cache.get(sql)
    if (known !== undefined) return known
    const statement = db.prepare(sql)
    const entry = { statement, reader: statement.columns().length > 0 }
    if (cache.size >= STATEMENT_CACHE) cache.delete(cache.keys().next().value as string)
    cache.set(sql, entry)
    return entry
  }
  return {
    close: () => db.close(),
    prepare: (sql: string) => {
      const { statement, reader } = prepared(sql)
      return {
        reader,
        all: (parameters: readonly unknown[]) => statement.all(...(parameters as SQLInputValue[])),
        run: (parameters: readonly unknown[]) => {
          // a full disk has ended the transaction already; a second error would hide that
          if (sql === 'rollback' && !db.isTransaction) return { changes: 0, lastInsertRowid: 0 }
          const { changes, lastInsertRowid } = statement.run(...(parameters as SQLInputValue[]))
          return { changes, lastInsertRowid }
        },
        iterate: (parameters: readonly unknown[]) =>
          statement.iterate(...(parameters as SQLInputValue[])) as IterableIterator<unknown>,
      }
    },
  }
}

function open(path: string, readOnly: boolean): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 10_000 })
  db.exec(
    'pragma journal_mode=wal; pragma synchronous=normal; pragma foreign_keys=on; pragma case_sensitive_like=on; pragma temp_store=memory; pragma cache_size=-32000',
  )
  if (readOnly) db.exec('pragma query_only=on')
  return db
}

/**
 * Puts what is committed on the disk, off the main thread: with synchronous=normal SQLite itself syncs only at checkpoints,
 * so the frames of a commit are either in the write-ahead log, which is synced here, or already synced into the database.
 * https://sqlite.org/wal.html#performance_considerations
 */
function logSync(path: string) {
  let log: Promise<FileHandle> | undefined
  const opened = () => {
    log ??= openFile(`${path}-wal`, 'r').catch((error: unknown) => {
      log = undefined
      throw error
    })
    return log
  }
  return {
    sync: async () => (await opened()).datasync(),
    close: async () => (await log)?.close(),
  }
}

/**
 * SQLite in WAL mode: what was acknowledged survives a kill and a power cut; commits that come close together share one
 * sync. Two connections, one that writes and one that only reads, so that a list never waits for a transaction. LIKE is
 * case-sensitive, as in PostgreSQL.
 */
export function openSqlite(path: string): Engine {
  const kysely = (readOnly: boolean) =>
    new Kysely<KernelTables>({
      dialect: new SqliteDialect({ database: async () => asKyselyDatabase(open(path, readOnly)) }),
    })
  const writes = kysely(false)
  const reads = kysely(true)
  const log = logSync(path)
  return {
    dialect: 'sqlite',
    reads,
    writes,
    transaction: (_durability, fn) => writes.transaction().execute(fn),
    synced: grouped(log.sync),
    lockChain: async () => {},
    isUniqueViolation: error => [2067, 1555].includes((error as { errcode?: number }).errcode ?? 0),
    close: async () => {
      await reads.destroy()
      await writes.destroy()
      await log.close()
    },
  }
}
