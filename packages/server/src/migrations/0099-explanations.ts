import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

/** Which job explains which model version or prediction. */
export const explanations: Migration = {
  name: '0099-explanations',
  async up(db) {
    await sql`create table explanations (workspace text not null, job text not null, model text not null, prediction text, created_at text not null, told integer not null, primary key (workspace, job))`.execute(
      db,
    )
    await sql`create index explanations_of on explanations (workspace, model, created_at)`.execute(db)
    await sql`create index explanations_of_prediction on explanations (workspace, prediction)`.execute(db)
  },
  async down(db) {
    await sql`drop table explanations`.execute(db)
  },
}
