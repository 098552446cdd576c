import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

const statements = [
  sql`create table service_metrics (workspace text not null, subject text not null, resolution integer not null, bucket bigint not null, source text not null, figures text not null, primary key (workspace, subject, resolution, bucket, source))`,
  sql`create index service_metrics_at on service_metrics (resolution, bucket)`,
  sql`create table service_metric_totals (source text not null, workspace text not null, subject text not null, since text not null, before text not null, seq bigint not null, seen bigint not null, names text not null, totals text not null, primary key (source, workspace, subject))`,
  sql`create index service_metric_totals_of on service_metric_totals (workspace, subject)`,
]

/** What deployments, jobs, computes and servers count, by stretches of time, and how far their counters had come. */
export const serviceMetrics: Migration = {
  name: '0097-service-metrics',
  async up(db) {
    for (const statement of statements) await statement.execute(db)
  },
  async down(db) {
    for (const table of ['service_metric_totals', 'service_metrics'])
      await sql`drop table ${sql.table(table)}`.execute(db)
  },
}
