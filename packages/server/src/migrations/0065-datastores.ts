import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

/** Datastores that somebody created; those that every workspace has need no row. */
export const datastores: Migration = {
  name: '0065-datastores',
  async up(db) {
    await sql`create table datastores (workspace text not null, name text not null, spec text not null, sealed text, created_at text not null, created_by text not null, modified_at text not null, primary key (workspace, name))`.execute(
      db,
    )
  },
  async down(db) {
    await sql`drop table datastores`.execute(db)
  },
}
