import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

const stamps =
  'revision integer not null, created_at text not null, created_by text not null, modified_at text not null, modified_by text not null'

const statements = [
  `create table batch_endpoints (workspace text not null, name text not null, auth_mode text not null, description text, tags text not null, properties text not null, default_deployment text, ${stamps}, primary key (workspace, name))`,
  `create table batch_deployments (workspace text not null, endpoint text not null, name text not null, type text not null, spec text not null, revision_id text not null, ${stamps}, primary key (workspace, endpoint, name))`,
  'create table batch_revisions (revision_id text not null primary key, workspace text not null, endpoint text not null, deployment text not null, facts text not null, created_at text not null, created_by text not null)',
  'create table batch_jobs (workspace text not null, job text not null, endpoint text not null, deployment text not null, revision_id text not null, batch_id text not null, created_at text not null, primary key (workspace, job))',
  'create unique index batch_jobs_of_id on batch_jobs (batch_id)',
  'create index batch_jobs_of_endpoint on batch_jobs (workspace, endpoint, created_at)',
]

export const batchEndpoints: Migration = {
  name: '0080-batch-endpoints',
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
  async down(db) {
    for (const table of ['batch_jobs', 'batch_revisions', 'batch_deployments', 'batch_endpoints'])
      await sql`drop table ${sql.table(table)}`.execute(db)
  },
}
