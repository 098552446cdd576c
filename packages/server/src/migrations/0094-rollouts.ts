import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

export const rollouts: Migration = {
  name: '0094-rollouts',
  async up(db) {
    await sql`create table rollouts (workspace text not null, name text not null, id text not null, seq bigint not null, endpoint text not null, candidate text not null, stable text not null, spec text not null, phase text not null, state text not null, before text, holds text, next_look bigint, correlation text, idempotency text, revision integer not null, created_at text not null, created_by text not null, modified_at text not null, modified_by text not null, primary key (workspace, name))`.execute(
      db,
    )
    await sql`create unique index rollouts_of_endpoint on rollouts (workspace, holds)`.execute(db)
    await sql`create unique index rollouts_once on rollouts (workspace, idempotency)`.execute(db)
    await sql`create unique index rollouts_in_order on rollouts (seq)`.execute(db)
    await sql`create index rollouts_due on rollouts (next_look) where next_look is not null`.execute(db)
    await sql`create table rollout_measurements (rollout_id text not null, seq bigint not null, attempt integer not null, step integer not null, metric text not null, time text not null, phase text not null, result double precision, stable double precision, count bigint not null, message text, primary key (rollout_id, seq))`.execute(
      db,
    )
  },
  async down(db) {
    await sql`drop table rollout_measurements`.execute(db)
    await sql`drop table rollouts`.execute(db)
  },
}
