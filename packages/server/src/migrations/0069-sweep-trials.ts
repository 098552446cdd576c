import { sql } from 'kysely'
import type { Dialect } from '../kernel/db/index.ts'
import type { Migration } from '../kernel/db/migrate.ts'

const number: Record<Dialect, string> = { sqlite: 'real', postgres: 'double precision' }

/** What a sweep knows of each of its trials: where in the search space it is and how well it did. */
export const sweepTrials: Migration = {
  name: '0069-sweep-trials',
  async up(db, dialect) {
    await sql`create table sweep_trials (workspace text not null, sweep text not null, number integer not null, job text not null, point text not null, value ${sql.raw(number[dialect])}, intervals integer not null, judged integer not null, stopped text, primary key (workspace, sweep, number))`.execute(
      db,
    )
    await sql`create unique index sweep_trials_job on sweep_trials (workspace, job)`.execute(db)
  },
  async down(db) {
    await sql`drop table sweep_trials`.execute(db)
  },
}
