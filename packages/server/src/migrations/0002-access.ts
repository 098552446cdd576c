import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

export const access: Migration = {
  name: '0002-access',
  async up(db) {
    await sql`create table workspaces (name text primary key, display_name text not null, description text, tags text not null, revision integer not null, created_at text not null, created_by text not null, modified_at text not null, modified_by text not null)`.execute(
      db,
    )
    await sql`create table tokens (id text primary key, name text not null, hash text not null unique, role text not null, workspace text, actor text not null, created_at text not null, created_by text not null, expires_at text, revoked integer not null)`.execute(
      db,
    )
  },
  async down(db) {
    await sql`drop table tokens`.execute(db)
    await sql`drop table workspaces`.execute(db)
  },
}
