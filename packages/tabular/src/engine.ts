import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance, type Json, StatementType } from '@duckdb/node-api'
import { HaganeError } from '@hagane/contract'
import type { Kept } from './kept.ts'
import { doubleColumns, finiteOf, listColumns, type NumberColumn } from './number-columns.ts'
import { list, literal } from './sql-text.ts'

export interface Engine extends AsyncDisposable {
  /** Rows as objects; whole numbers beyond 2^53 come as text. */
  rows<T = Record<string, Json>>(sql: string): Promise<T[]>
  /** The same one after another, for more rows than memory should hold. */
  stream(sql: string): AsyncIterable<Record<string, Json>>
  run(sql: string): Promise<void>
  /** The columns of a query whose columns are all DOUBLE: finite numbers in no particular order, and how many were none. */
  numbers(sql: string): Promise<NumberColumn[]>
  /** The same as they are, row by row; null must be written as NaN. */
  doubles(sql: string): Promise<Float64Array[]>
  describe(relation: string): Promise<{ name: string; type: string }[]>
  /** A folder of its own for files that have to be rewritten first; removed with the engine. */
  readonly scratch: string
  /** What outlives the engine, for the next one of this reader. */
  readonly kept: Kept
}

export interface EngineLimits {
  /** Such as 1GB; more is spilled to disk. */
  readonly memory: string
  readonly threads: number
}

/**
 * DuckDB on a file of its own in a temporary folder, so that tables larger than memory are spilled. It may read below `roots`
 * only, loads no extension and cannot be reconfigured: the files are a stranger's.
 */
export async function openEngine(roots: readonly string[], limits: EngineLimits, kept: Kept): Promise<Engine> {
  const scratch = await mkdtemp(join(tmpdir(), 'hagane-tables-'))
  const instance = await DuckDBInstance.create(join(scratch, 'tables.db'), {
    memory_limit: limits.memory,
    threads: String(limits.threads),
    temp_directory: join(scratch, 'spill'),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const connection = await instance.connect()
  await connection.run("set TimeZone = 'UTC'")
  await connection.run(`set allowed_directories = ${list([...roots, scratch, kept.folder].map(root => `${root}/`))}`)
  // its tables are gone with it: writing them down at the end took longer than most questions
  await connection.run('pragma disable_checkpoint_on_shutdown')
  await connection.run('set enable_external_access = false')
  await connection.run('set lock_configuration = true')
  return engineOn(connection, { scratch, kept }, () => instance.closeSync())
}

/** A query that answers rows and does nothing else, checked before it is run. */
export interface Sandbox extends AsyncDisposable {
  /** Runs somebody's query. Throws invalid for what is not one SELECT, and for what it may not reach. */
  select(
    sql: string,
    limit: number,
  ): Promise<{ columns: { name: string; type: string }[]; rows: Record<string, Json>[] }>
  /** Writes what somebody's query answers to a file of the folder. */
  write(sql: string, path: string, format: 'csv' | 'parquet' | 'json'): Promise<void>
}

/**
 * Opens a database of its own for a stranger's queries: it can be read and nothing else; there is no file, no network, no
 * extension and no setting in reach. Only results are written, to `folder`.
 */
export async function openSandbox(database: string, folder: string, limits: EngineLimits): Promise<Sandbox> {
  const instance = await DuckDBInstance.create(database, {
    access_mode: 'READ_ONLY',
    memory_limit: limits.memory,
    threads: String(limits.threads),
    temp_directory: `${database}.spill`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const connection = await instance.connect()
  await connection.run("set TimeZone = 'UTC'")
  await connection.run(`set allowed_directories = ${list([`${folder}/`])}`)
  await connection.run('set enable_external_access = false')
  await connection.run('set lock_configuration = true')
  const checked = async (sql: string): Promise<string> => {
    const statements = await connection.extractStatements(sql).catch(refusedQuery)
    const first = statements.count === 1 ? await statements.prepare(0).catch(refusedQuery) : undefined
    if (first?.statementType !== StatementType.SELECT) throw notOneSelect(sql)
    return sql.replace(/[;\s]+$/, '')
  }
  return {
    async select(sql, limit) {
      const reader = await connection
        .streamAndReadUntil(`select * from (\n${await checked(sql)}\n) limit ${limit}`, limit)
        .catch(refusedQuery)
      const types = reader.columnTypes().map(String)
      const columns = reader.deduplicatedColumnNames().map((name, at) => ({ name, type: types[at] ?? 'VARCHAR' }))
      return { columns, rows: reader.getRowObjectsJson() as Record<string, Json>[] }
    },
    async write(sql, path, format) {
      const how = format === 'csv' ? 'format csv, header' : format === 'json' ? 'format json' : 'format parquet'
      await connection.run(`copy (\n${await checked(sql)}\n) to ${literal(path)} (${how})`).catch(refusedQuery)
    },
    async [Symbol.asyncDispose]() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

const queryHint = 'the tables are predictions and feedback; they can be read and nothing else'

const notOneSelect = (sql: string): HaganeError =>
  new HaganeError('invalid', 'the query is not one SELECT', {
    details: [
      { property: 'sql', message: 'not one SELECT', sent: sql.slice(0, 200), allowed: 'select … from predictions' },
    ],
    hint: queryHint,
  })

function engineOn(connection: DuckDBConnection, folders: Pick<Engine, 'scratch' | 'kept'>, close: () => void): Engine {
  const rows = async <T>(sql: string): Promise<T[]> =>
    (await connection.runAndReadAll(sql).catch(translated)).getRowObjectsJson() as T[]
  const doubles = async (sql: string) => doubleColumns(await connection.run(sql).catch(translated))
  return {
    rows,
    async *stream(sql) {
      const result = await connection.stream(sql).catch(translated)
      for await (const rows of result.yieldRowObjectJson()) yield* rows
    },
    ...folders,
    numbers: async sql =>
      listColumns(await connection.run(`select list(columns(*)) from (${sql})`).catch(translated)).map(finiteOf),
    doubles,
    run: async sql => void (await connection.run(sql).catch(translated)),
    describe: async relation =>
      (await rows<{ column_name: string; column_type: string }>(`describe ${relation}`)).map(column => ({
        name: column.column_name,
        type: column.column_type,
      })),
    async [Symbol.asyncDispose]() {
      connection.closeSync()
      close()
      await rm(folders.scratch, { recursive: true, force: true })
    },
  }
}

/** Characters of a message of DuckDB that are shown: it repeats whole lines of the file. */
const MESSAGE_LENGTH = 300

/** What DuckDB says about a file is about the file: the caller's to put right. */
const translated = (error: unknown): never => refuse(error, fileHint)
const fileHint = 'open the file named above in an editor, or say how it is written with an MLTable file'

/** What it says about a query is about the query. */
const refusedQuery = (error: unknown): never => refuse(error, queryHint)

/** DuckDB's words without its advice on its own options. */
function refuse(error: unknown, hint: string): never {
  const { message } = error as Error
  const [first = message] = message.split(/\n\s*\n|Possible (?:S|s)olution|LINE 1:/)
  const outOfMemory = /^Out of Memory/i.test(message)
  if (/No space left on device/i.test(message))
    throw new HaganeError('unavailable', 'there is no space left for the tables', {
      cause: error,
      hint: `make room in ${tmpdir()} and in the data folder`,
    })
  const file = /^\s*file\s*=\s*(\S.*)$/m.exec(message)?.[1]
  const where = file === undefined || first.includes(file) ? '' : ` (${file.trim()})`
  const said = first.trim().replaceAll('\n', ' ')
  const short = said.length > MESSAGE_LENGTH ? `${said.slice(0, MESSAGE_LENGTH)}…` : said
  throw new HaganeError(outOfMemory ? 'unavailable' : 'invalid', short + where, {
    cause: error,
    hint: outOfMemory ? 'raise the limit with HAGANE_TABLES_MEMORY, for example 4GB' : hint,
  })
}
