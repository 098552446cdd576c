import { HaganeError } from '@hagane/contract'
import { type Kysely, sql } from 'kysely'
import type { Database, Dialect } from './database.ts'

export interface Migration {
  readonly name: string
  up(db: Kysely<unknown>, dialect: Dialect): Promise<void>
  down(db: Kysely<unknown>, dialect: Dialect): Promise<void>
}

const applied = async (db: Kysely<unknown>): Promise<string[]> => {
  await sql`create table if not exists migrations (name text primary key, applied_at text not null)`.execute(db)
  const { rows } = await sql<{ name: string }>`select name from migrations order by name`.execute(db)
  return rows.map(row => row.name)
}

/** Brings the schema up to the last migration (or up/down to `target`), one transaction each. A schema from a newer release is refused. */
export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  target?: string,
): Promise<string[]> {
  const db = database.writes as unknown as Kysely<unknown>
  const done = await applied(db)
  const unknown = done.filter(name => !migrations.some(migration => migration.name === name))
  if (unknown.length > 0)
    throw new HaganeError(
      'conflict',
      `the database holds migrations that this release does not know: ${unknown.join(', ')}`,
      { hint: 'start the release that made it, or a newer one' },
    )
  const wanted = migrations.filter(migration => target === undefined || migration.name <= target)
  const ups = wanted.filter(migration => !done.includes(migration.name))
  const downs = migrations.filter(migration => done.includes(migration.name) && !wanted.includes(migration)).reverse()
  for (const migration of downs) await step(db, database, migration, 'down')
  for (const migration of ups) await step(db, database, migration, 'up')
  return [...downs, ...ups].map(migration => migration.name)
}

async function step(
  db: Kysely<unknown>,
  database: Database,
  migration: Migration,
  direction: 'up' | 'down',
): Promise<void> {
  await db.transaction().execute(async tx => {
    await migration[direction](tx, database.dialect)
    if (direction === 'up')
      await sql`insert into migrations (name, applied_at) values (${migration.name}, ${database.clock.now().toISOString()})`.execute(
        tx,
      )
    else await sql`delete from migrations where name = ${migration.name}`.execute(tx)
  })
}
