import { type RawBuilder, sql } from 'kysely'
import type { Dialect } from '../kernel/db/index.ts'
import type { Migration } from '../kernel/db/migrate.ts'

const named: Record<Dialect, RawBuilder<unknown>> = {
  sqlite: sql`json_extract(properties, '$."hagane.schedule"')`,
  postgres: sql`properties::jsonb ->> 'hagane.schedule'`,
}

/** The schedule that submitted a job stands in a column of its own, so that its jobs are found among all. */
export const jobsBySchedule: Migration = {
  name: '0084-jobs-by-schedule',
  async up(db, dialect) {
    await sql`alter table jobs add column schedule text`.execute(db)
    await sql`update jobs set schedule = ${named[dialect]} where parent is null and properties like '%"hagane.schedule"%'`.execute(
      db,
    )
    await sql`create index jobs_by_schedule on jobs (workspace, schedule, seq) where schedule is not null`.execute(db)
  },
  async down(db) {
    await sql`drop index jobs_by_schedule`.execute(db)
    await sql`alter table jobs drop column schedule`.execute(db)
  },
}
