import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

const statements = [
  sql`create table collected_files (workspace text not null, path text not null, endpoint text not null, deployment text, revision text, collection text not null, hour text not null, source text not null, records bigint not null, size bigint not null, digest text not null, created_at text not null, expired_at text, primary key (workspace, path))`,
  sql`create index collected_files_of on collected_files (workspace, endpoint, hour)`,
  sql`create index collected_files_at on collected_files (hour)`,
  sql`create table converted_captures (capture text not null primary key, converted_at text not null)`,
]

/** The Parquet files of what endpoints collected, and the captures that were turned into such. */
export const collectedData: Migration = {
  name: '0085-collected-data',
  async up(db) {
    for (const statement of statements) await statement.execute(db)
  },
  async down(db) {
    for (const table of ['converted_captures', 'collected_files']) await sql`drop table ${sql.table(table)}`.execute(db)
  },
}
