import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

const stamps =
  'revision integer not null, created_at text not null, created_by text not null, modified_at text not null, modified_by text not null'

export const alerts: Migration = {
  name: '0092-alerts',
  async up(db) {
    await sql`create table alerts (id text primary key, workspace text not null, alert_key text not null, alert_group text not null, state text not null, severity text not null, summary text not null, summary_ja text, labels text not null, next_command text, emails text not null, rule text, event_id text not null, correlation_id text not null, times_seen integer not null, started_at bigint not null, fired_at bigint, last_seen_at bigint not null, acknowledged_at bigint, acknowledged_by text, resolved_at bigint, told text, tell_at bigint, escalated_after text not null, silenced_by text, note text)`.execute(
      db,
    )
    await sql`create unique index alerts_open on alerts (workspace, alert_key) where state <> 'resolved'`.execute(db)
    await sql`create index alerts_to_tell on alerts (tell_at) where tell_at is not null`.execute(db)
    await sql`create index alerts_by_workspace on alerts (workspace, id)`.execute(db)
    await sql`create table silences (id text primary key, workspace text not null, spec text not null, starts_at bigint not null, ends_at bigint, created_at text not null, created_by text not null)`.execute(
      db,
    )
    await sql`create index silences_by_workspace on silences (workspace, id)`.execute(db)
    await sql`create table alert_rules (workspace text not null, name text not null, id text not null, spec text not null, since_seq bigint not null, ${sql.raw(stamps)}, primary key (workspace, name))`.execute(
      db,
    )
    await sql`create table alert_rule_states (rule_id text not null, rule_key text not null, state text not null, due_at bigint, primary key (rule_id, rule_key))`.execute(
      db,
    )
  },
  async down(db) {
    for (const table of ['alert_rule_states', 'alert_rules', 'silences', 'alerts'])
      await sql`drop table ${sql.table(table)}`.execute(db)
  },
}
