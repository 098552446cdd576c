import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

/** Which job computes which again, and how the results compare. */
export const reproductions: Migration = {
  name: '0072-reproductions',
  async up(db) {
    await sql`create table reproductions (workspace text not null, job text not null, original text not null, tolerance text not null, changed text not null, verdict text, report text, created_at text not null, judged_at text, primary key (workspace, job))`.execute(
      db,
    )
    await sql`create index reproductions_by_original on reproductions (workspace, original)`.execute(db)
  },
  async down(db) {
    await sql`drop table reproductions`.execute(db)
  },
}
