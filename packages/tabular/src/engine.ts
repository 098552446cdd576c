import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance, type Json } from '@duckdb/node-api'
import { HaganeError } from '@hagane/contract'
import { list } from './sql-text.ts'

export interface Engine extends AsyncDisposable {
  /** Rows as objects; whole numbers beyond 2^53 come as text. */
  rows<T = Record<string, Json>>(sql: string): Promise<T[]>
  run(sql: string): Promise<void>
  describe(relation: string): Promise<{ name: string; type: string }[]>
  /** A folder of its own for files that have to be rewritten first; removed with the engine. */
  readonly scratch: string
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
export async function openEngine(roots: readonly string[], limits: EngineLimits): Promise<Engine> {
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
  await connection.run(`set allowed_directories = ${list([...roots, scratch].map(root => `${root}/`))}`)
  await connection.run('set enable_external_access = false')
  await connection.run('set lock_configuration = true')
  return engineOn(connection, scratch, () => instance.closeSync())
}

function engineOn(connection: DuckDBConnection, scratch: string, close: () => void): Engine {
  const rows = async <T>(sql: string): Promise<T[]> =>
    (await connection.runAndReadAll(sql).catch(translated)).getRowObjectsJson() as T[]
  return {
    rows,
    scratch,
    run: async sql => void (await connection.run(sql).catch(translated)),
    describe: async relation =>
      (await rows<{ column_name: string; column_type: string }>(`describe ${relation}`)).map(column => ({
        name: column.column_name,
        type: column.column_type,
      })),
    async [Symbol.asyncDispose]() {
      connection.closeSync()
      close()
      await rm(scratch, { recursive: true, force: true })
    },
  }
}

/** Characters of a message of DuckDB that are shown: it repeats whole lines of the file. */
const MESSAGE_LENGTH = 300

/** What DuckDB says about a file is about the file: the caller's to put right. Its advice on its own options is not. */
function translated(error: unknown): never {
  const { message } = error as Error
  const [first = message] = message.split(/\n\s*\n|Possible (?:S|s)olution|LINE 1:/)
  const outOfMemory = /^Out of Memory/i.test(message)
  const file = /^\s*file\s*=\s*(\S.*)$/m.exec(message)?.[1]
  const where = file === undefined || first.includes(file) ? '' : ` (${file.trim()})`
  const said = first.trim().replaceAll('\n', ' ')
  const short = said.length > MESSAGE_LENGTH ? `${said.slice(0, MESSAGE_LENGTH)}…` : said
  throw new HaganeError(outOfMemory ? 'unavailable' : 'invalid', short + where, {
    cause: error,
    hint: outOfMemory
      ? 'raise the limit with HAGANE_TABLES_MEMORY, for example 4GB'
      : 'open the file named above in an editor, or say how it is written with an MLTable file',
  })
}
