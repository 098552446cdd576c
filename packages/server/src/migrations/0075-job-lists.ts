import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

/** The newest jobs of one status are read in their order, instead of all of that status being sorted. */
export const jobLists: Migration = {
  name: '0075-job-lists',
  async up(db) {
    await sql`drop index jobs_by_parent_status`.execute(db)
    await sql`create index jobs_by_parent_status on jobs (workspace, parent, status, seq)`.execute(db)
  },
  async down(db) {
    await sql`drop index jobs_by_parent_status`.execute(db)
    await sql`create index jobs_by_parent_status on jobs (workspace, parent, status)`.execute(db)
  },
}
