import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

export const lineage: Migration = {
  name: '0050-lineage',
  async up(db) {
    await sql`create table lineage_nodes (workspace text not null, id text not null, kind text not null, name text not null, facts text not null, primary key (workspace, id))`.execute(
      db,
    )
    await sql`create table lineage_edges (workspace text not null, from_id text not null, to_id text not null, relation text not null, actor text not null, time text not null, seq bigint not null, primary key (workspace, from_id, to_id, relation))`.execute(
      db,
    )
    await sql`create index lineage_edges_back on lineage_edges (workspace, to_id)`.execute(db)
  },
  async down(db) {
    await sql`drop table lineage_edges`.execute(db)
    await sql`drop table lineage_nodes`.execute(db)
  },
}
