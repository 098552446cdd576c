import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

export const jobs: Migration = {
  name: '0030-jobs',
  async up(db) {
    await sql`create table jobs (workspace text not null, name text not null, type text not null, status text not null, display_name text not null, experiment_name text not null, experiment_id text not null, description text, tags text not null, properties text not null, parent text, root text not null, step text, seq bigint not null, compute text, spec text not null, plan text not null, outputs text not null, git text, commit_id text, reuse_key text, reused_from text, error text, attempts integer not null, archived integer not null, revision integer not null, created_at text not null, created_by text not null, modified_at text not null, modified_by text not null, start_time text, end_time text, primary key (workspace, name))`.execute(
      db,
    )
    await sql`create index jobs_newest on jobs (workspace, seq)`.execute(db)
    await sql`create index jobs_by_parent on jobs (workspace, parent, seq)`.execute(db)
    await sql`create index jobs_by_status on jobs (workspace, status)`.execute(db)
    await sql`create index jobs_by_commit on jobs (workspace, commit_id)`.execute(db)
    await sql`create table step_results (workspace text not null, key text not null, job text not null, created_at text not null, primary key (workspace, key))`.execute(
      db,
    )
  },
  async down(db) {
    await sql`drop table step_results`.execute(db)
    await sql`drop table jobs`.execute(db)
  },
}
