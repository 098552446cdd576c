import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, type Database, type Dialect, migrate, migrations, openDatabase, systemClock } from '@hagane/server'
import { afterAll, beforeAll, describe } from 'vitest'
import { postgresServer } from './postgres.ts'

export interface TestDatabase {
  readonly dialect: Dialect
  /** The database of this suite: migrated, empty. Valid inside tests and hooks. */
  db(): Database
  /** Its address, for a second connection or a server. */
  location(): string
}

/** Runs a suite once on SQLite and once on a real PostgreSQL, each with a migrated database of its own. */
export function eachDialect(name: string, suite: (database: TestDatabase) => void, clock: Clock = systemClock): void {
  for (const dialect of ['sqlite', 'postgres'] as const) {
    describe(`${name} (${dialect})`, () => {
      let opened: Database | undefined
      let location = ''
      let remove = async () => {}
      beforeAll(async () => {
        ;({ location, remove } =
          dialect === 'sqlite' ? await sqliteFile() : await (await postgresServer()).createDatabase())
        opened = openDatabase(location, clock)
        await migrate(opened, migrations)
      }, 600_000)
      afterAll(async () => {
        await opened?.close()
        await remove()
      })
      suite({
        dialect,
        location: () => location,
        db: () => {
          if (opened === undefined) throw new Error('the database exists only inside tests and hooks')
          return opened
        },
      })
    })
  }
}

async function sqliteFile(): Promise<{ location: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'hagane-test-'))
  return { location: join(folder, 'test.db'), remove: () => rm(folder, { recursive: true, force: true }) }
}
