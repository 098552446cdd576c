import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

export const environments: Migration = {
  name: '0010-environments',
  async up(db) {
    await sql`create table environment_locks (definition_digest text not null, python text not null, platform text not null, lock_digest text not null, packages integer not null, deviations text not null, created_at text not null, primary key (definition_digest, python, platform))`.execute(
      db,
    )
    await sql`create table environment_builds (definition_digest text primary key, state text not null, lock_digest text, python text, packages integer, deviations text not null, error text, started_at text not null, finished_at text)`.execute(
      db,
    )
  },
  async down(db) {
    await sql`drop table environment_builds`.execute(db)
    await sql`drop table environment_locks`.execute(db)
  },
}
