import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

export const assets: Migration = {
  name: '0003-assets',
  async up(db) {
    await sql`create table assets (workspace text not null, kind text not null, name text not null, version text not null, created_seq bigint not null, spec text not null, description text, tags text not null, properties text not null, digest text, archived integer not null, revision integer not null, created_at text not null, created_by text not null, modified_at text not null, modified_by text not null, primary key (workspace, kind, name, version))`.execute(
      db,
    )
    await sql`create index assets_newest on assets (workspace, kind, name, created_seq)`.execute(db)
    await sql`create table asset_labels (workspace text not null, kind text not null, name text not null, label text not null, version text not null, primary key (workspace, kind, name, label))`.execute(
      db,
    )
  },
  async down(db) {
    await sql`drop table asset_labels`.execute(db)
    await sql`drop table assets`.execute(db)
  },
}
