import { type Kysely, sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

const tables = ['idempotency', 'tasks', 'consumers', 'event_head', 'events']

export const kernel: Migration = {
  name: '0001-kernel',
  async up(db: Kysely<unknown>) {
    await sql`create table events (seq bigint primary key, id text not null unique, time text not null, workspace text not null, actor text not null, type text not null, subject text not null, data text not null, prev_hash text not null, hash text not null)`.execute(
      db,
    )
    await sql`create index events_by_subject on events (subject, seq)`.execute(db)
    await sql`create index events_by_type on events (type, seq)`.execute(db)
    await sql`create table event_head (one integer primary key check (one = 1), seq bigint not null, hash text not null)`.execute(
      db,
    )
    await sql`insert into event_head (one, seq, hash) values (1, 0, ${'0'.repeat(64)})`.execute(db)
    await sql`create table consumers (name text primary key, cursor bigint not null)`.execute(db)
    await sql`create table tasks (id text primary key, kind text not null, subject text not null, workspace text not null, actor text not null, payload text not null, state text not null, priority integer not null, run_after bigint not null, attempts integer not null, max_attempts integer not null, fence integer not null, lease_owner text, lease_until bigint, error text, created_at text not null)`.execute(
      db,
    )
    await sql`create index tasks_to_claim on tasks (state, kind, priority, run_after)`.execute(db)
    await sql`create index tasks_by_subject on tasks (subject)`.execute(db)
    await sql`create table idempotency (workspace text not null, actor text not null, operation text not null, key text not null, request_hash text not null, response text, created_at text not null, primary key (workspace, actor, operation, key))`.execute(
      db,
    )
  },
  async down(db) {
    for (const table of tables) await sql`drop table ${sql.table(table)}`.execute(db)
  },
}
