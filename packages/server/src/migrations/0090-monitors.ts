import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

const statements = [
  sql`alter table schedules add column action text not null default 'job'`,
  sql`create table monitor_runs (monitor_id text not null, seq bigint not null, workspace text not null, monitor text not null, name text not null, kind text not null, time text not null, definition text not null, status text not null, result text, error text, summary text not null, results text, created_at text not null, finished_at text, primary key (monitor_id, seq))`,
  sql`create unique index monitor_runs_named on monitor_runs (workspace, name)`,
  sql`create table monitor_findings (monitor_id text not null, key text not null, signal text not null, finding text not null, since text not null, run text not null, judged text not null, primary key (monitor_id, key))`,
  sql`create table monitor_judged (monitor_id text not null, signal text not null, window_end text not null, primary key (monitor_id, signal))`,
  sql`create table monitor_profiles (workspace text not null, endpoint text not null, deployment text not null, hour text not null, basis text not null, content text not null, profile text not null, primary key (workspace, endpoint, deployment, hour, basis))`,
  sql`create table monitor_references (workspace text not null, content text not null, basis text not null, model text, measured text not null, created_at text not null, primary key (workspace, content, basis))`,
  sql`create table monitor_defaults (workspace text not null, endpoint text not null, deployment text not null, monitor text not null, data_at text, primary key (workspace, endpoint, deployment))`,
]

/** Monitors are schedules whose times judge: their runs, what is beyond its threshold, and the profiles they compare. */
export const monitors: Migration = {
  name: '0090-monitors',
  async up(db) {
    for (const statement of statements) await statement.execute(db)
  },
  async down(db) {
    for (const table of ['defaults', 'references', 'profiles', 'judged', 'findings', 'runs'])
      await sql`drop table ${sql.table(`monitor_${table}`)}`.execute(db)
    await sql`delete from schedules where action = 'monitor'`.execute(db)
    await sql`alter table schedules drop column action`.execute(db)
  },
}
