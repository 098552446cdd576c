import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

/** Nodes of the Merkle tree over the event chain. They follow from the events and may be dropped at any time. */
export const auditTree: Migration = {
  name: '0096-audit',
  async up(db) {
    await sql`create table audit_tiles (level integer not null, idx bigint not null, hash text not null, primary key (level, idx))`.execute(
      db,
    )
  },
  async down(db) {
    await sql`drop table audit_tiles`.execute(db)
  },
}
