import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

/** The parts of each reuse key, and for each step how it was decided: what `why` and a reproduction read. */
export const reuseDecisions: Migration = {
  name: '0071-reuse-decisions',
  async up(db) {
    await sql`create table reuse_keys (workspace text not null, key text not null, parts text not null, primary key (workspace, key))`.execute(
      db,
    )
    await sql`create table reuse_decisions (workspace text not null, job text not null, seq bigint not null, component text, experiment_id text not null, path text not null, key text not null, reason text, earlier text, sources text not null, host text, decided_at text not null, primary key (workspace, job))`.execute(
      db,
    )
    await sql`create index reuse_decisions_by_component on reuse_decisions (workspace, component, seq)`.execute(db)
    await sql`create index reuse_decisions_by_path on reuse_decisions (workspace, experiment_id, path, seq)`.execute(db)
  },
  async down(db) {
    await sql`drop table reuse_decisions`.execute(db)
    await sql`drop table reuse_keys`.execute(db)
  },
}
