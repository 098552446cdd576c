import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

export const schedules: Migration = {
  name: '0066-schedules',
  async up(db) {
    await sql`create table schedules (workspace text not null, name text not null, id text not null, display_name text, description text, tags text not null, properties text not null, trigger_spec text not null, job text not null, git text, experiment text, catch_up text not null, is_enabled integer not null, next_tick bigint, revision integer not null, created_at text not null, created_by text not null, modified_at text not null, modified_by text not null, primary key (workspace, name))`.execute(
      db,
    )
    await sql`create index schedules_due on schedules (next_tick) where next_tick is not null`.execute(db)
    await sql`create table schedule_runs (schedule_id text not null, seq bigint not null, tick bigint, time text not null, outcome text not null, job text, error text, at text not null, primary key (schedule_id, seq))`.execute(
      db,
    )
    await sql`create unique index schedule_runs_once on schedule_runs (schedule_id, tick)`.execute(db)
  },
  async down(db) {
    await sql`drop table schedule_runs`.execute(db)
    await sql`drop table schedules`.execute(db)
  },
}
