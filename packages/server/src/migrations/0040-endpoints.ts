import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

const statements = [
  sql`create table online_endpoints (workspace text not null, name text not null, auth_mode text not null, description text, tags text not null, properties text not null, identity text, compute text, public_network_access text not null, traffic text not null, mirror_traffic text not null, primary_key text not null, secondary_key text not null, key_hashes text not null, tokens text not null, revision integer not null, created_at text not null, created_by text not null, modified_at text not null, modified_by text not null, primary key (workspace, name))`,
  sql`create table online_deployments (workspace text not null, endpoint text not null, name text not null, spec text not null, state text not null, operation text not null, all_traffic integer not null, revision_id text, entry text, error text, serving text, revision integer not null, created_at text not null, created_by text not null, modified_at text not null, modified_by text not null, primary key (workspace, endpoint, name))`,
  sql`create table deployment_revisions (revision_id text not null primary key, workspace text not null, endpoint text not null, deployment text not null, facts text not null, created_at text not null, created_by text not null)`,
  sql`create index deployment_revisions_of on deployment_revisions (workspace, endpoint, deployment, created_at)`,
  sql`create table sealed_predictions (revision_id text not null, segment text not null, digest text not null, records bigint not null, sealed_at text not null, primary key (revision_id, segment))`,
]

export const endpoints: Migration = {
  name: '0040-endpoints',
  async up(db) {
    for (const statement of statements) await statement.execute(db)
  },
  async down(db) {
    for (const table of ['sealed_predictions', 'deployment_revisions', 'online_deployments', 'online_endpoints'])
      await sql`drop table ${sql.table(table)}`.execute(db)
  },
}
