import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

/** The tries of a step before its last, and the server whose data folder holds its attempts. */
export const jobRetries: Migration = {
  name: '0076-job-retries',
  async up(db) {
    await sql`alter table jobs add column tries text`.execute(db)
    await sql`alter table jobs add column server text`.execute(db)
  },
  async down(db) {
    await sql`alter table jobs drop column server`.execute(db)
    await sql`alter table jobs drop column tries`.execute(db)
  },
}
