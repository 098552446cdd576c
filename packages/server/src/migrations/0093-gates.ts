import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

export const gates: Migration = {
  name: '0093-gates',
  async up(db) {
    await sql`create table gates (workspace text not null, name text not null, spec text not null, revision integer not null, created_at text not null, created_by text not null, modified_at text not null, modified_by text not null, primary key (workspace, name))`.execute(
      db,
    )
    await sql`create table gate_runs (workspace text not null, name text not null, seq bigint not null, gate text not null, spec text not null, models text not null, status text not null, result text, message text, checks text not null, idempotency text, revision integer not null, created_at text not null, created_by text not null, modified_at text not null, modified_by text not null, primary key (workspace, name))`.execute(
      db,
    )
    await sql`create unique index gate_runs_once on gate_runs (workspace, idempotency)`.execute(db)
    await sql`create unique index gate_runs_in_order on gate_runs (seq)`.execute(db)
    await sql`create index gate_runs_of_gate on gate_runs (workspace, gate, seq)`.execute(db)
  },
  async down(db) {
    await sql`drop table gate_runs`.execute(db)
    await sql`drop table gates`.execute(db)
  },
}
