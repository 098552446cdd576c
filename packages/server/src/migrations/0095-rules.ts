import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

/** Rules with their runs, and what a chain of automatic steps is found by. */
export const rules: Migration = {
  name: '0095-rules',
  async up(db) {
    await sql`create table rules (workspace text not null, name text not null, id text not null, display_name text, description text, tags text not null, properties text not null, triggers text not null, limits text not null, actions text not null, git text, experiment text, is_enabled integer not null, secret text, decided_seq bigint not null, fired_at bigint, next_tick bigint, held text, held_until bigint, revision integer not null, created_at text not null, created_by text not null, modified_at text not null, modified_by text not null, primary key (workspace, name))`.execute(
      db,
    )
    await sql`create index rules_due on rules (next_tick) where next_tick is not null`.execute(db)
    await sql`create index rules_held on rules (held_until) where held_until is not null`.execute(db)
    await sql`create table rule_runs (rule_id text not null, number bigint not null, workspace text not null, rule text not null, state text not null, reason text, message text, events bigint not null, event_seq bigint not null, event text not null, correlation text not null, actions text not null, git text, experiment text, error text, started_at text not null, started_ms bigint not null, ended_at text, primary key (rule_id, number))`.execute(
      db,
    )
    await sql`create index rule_runs_chain on rule_runs (rule_id, correlation)`.execute(db)
    await sql`create index rule_runs_time on rule_runs (rule_id, started_ms)`.execute(db)
    await sql`create table rule_actions (rule_id text not null, number bigint not null, position integer not null, id text not null, kind text not null, state text not null, attempts integer not null, not_before bigint, waits_for text, workspace text not null, result text, error text, reason text, started_at text, ended_at text, primary key (rule_id, number, position))`.execute(
      db,
    )
    await sql`create index rule_actions_waiting on rule_actions (waits_for, workspace) where waits_for is not null`.execute(
      db,
    )
    await sql`create table rule_deliveries (rule_id text not null, delivery text not null, at text not null, primary key (rule_id, delivery))`.execute(
      db,
    )
    await sql`create table event_correlations (workspace text not null, correlation text not null, seq bigint not null, primary key (workspace, correlation, seq))`.execute(
      db,
    )
    await sql`alter table tokens add column correlation text`.execute(db)
  },
  async down(db) {
    await sql`alter table tokens drop column correlation`.execute(db)
    for (const table of ['event_correlations', 'rule_deliveries', 'rule_actions', 'rule_runs', 'rules'])
      await sql`drop table ${sql.table(table)}`.execute(db)
  },
}
