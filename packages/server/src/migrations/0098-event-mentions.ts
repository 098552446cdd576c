import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

/** Which events tell of a thing that is not their subject. It follows from the events and may be dropped at any time. */
export const eventMentions: Migration = {
  name: '0098-event-mentions',
  async up(db) {
    await sql`create table event_mentions (workspace text not null, thing text not null, seq bigint not null, primary key (workspace, thing, seq))`.execute(
      db,
    )
  },
  async down(db) {
    await sql`drop table event_mentions`.execute(db)
  },
}
