import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

/** What the command of a job used: memory at its peak and processor time. */
export const jobUsage: Migration = {
  name: '0074-job-usage',
  async up(db) {
    await sql`alter table jobs add column usage text`.execute(db)
  },
  async down(db) {
    await sql`alter table jobs drop column usage`.execute(db)
  },
}
