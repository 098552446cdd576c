import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

export const compute: Migration = {
  name: '0031-compute',
  async up(db) {
    await sql`create table compute (workspace text not null, name text not null, type text not null, spec text not null, created_at text not null, created_by text not null, modified_at text not null, modified_by text not null, primary key (workspace, name))`.execute(
      db,
    )
  },
  async down(db) {
    await sql`drop table compute`.execute(db)
  },
}
