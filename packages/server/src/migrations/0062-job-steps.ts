import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

/** A parent finds its steps by name and counts them by status without reading their rows. */
export const jobSteps: Migration = {
  name: '0062-job-steps',
  async up(db) {
    await sql`create index jobs_by_step on jobs (workspace, parent, step)`.execute(db)
    await sql`create index jobs_by_parent_status on jobs (workspace, parent, status)`.execute(db)
  },
  async down(db) {
    await sql`drop index jobs_by_parent_status`.execute(db)
    await sql`drop index jobs_by_step`.execute(db)
  },
}
