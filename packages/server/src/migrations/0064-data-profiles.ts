import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

/** What the columns of a tabular data version hold, once it was looked at. */
export const dataProfiles: Migration = {
  name: '0064-data-profiles',
  async up(db) {
    await sql`create table data_profiles (workspace text not null, name text not null, version text not null, status text not null, profile text, error text, asked_at text not null, computed_at text, primary key (workspace, name, version))`.execute(
      db,
    )
  },
  async down(db) {
    await sql`drop table data_profiles`.execute(db)
  },
}
