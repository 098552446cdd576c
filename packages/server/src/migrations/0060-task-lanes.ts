import { sql } from 'kysely'
import type { Migration } from '../kernel/db/migrate.ts'

/** Waiting tasks by lane (kind, priority, queue, share), so that the next one is found without looking at the others. */
export const taskLanes: Migration = {
  name: '0060-task-lanes',
  async up(db, dialect) {
    const bytewise = { sqlite: sql`text`, postgres: sql`text collate "C"` }[dialect]
    await sql`drop index tasks_to_claim`.execute(db)
    await sql`alter table tasks add column lane ${bytewise} not null default ''`.execute(db)
    await sql`alter table tasks add column cores double precision not null default 0`.execute(db)
    await sql`alter table tasks add column memory_mb double precision not null default 0`.execute(db)
    // no kind or workspace holds a character that a lane escapes; those that are due leave 'delayed' at the first look
    await sql`update tasks set lane = kind || ' 50 ' || workspace || ' '`.execute(db)
    await sql`update tasks set state = 'delayed' where state = 'queued'`.execute(db)
    await sql`create index tasks_waiting on tasks (lane, id) where state = 'queued'`.execute(db)
    await sql`create index tasks_delayed on tasks (run_after) where state = 'delayed'`.execute(db)
    await sql`create index tasks_leased on tasks (lane) where state = 'leased'`.execute(db)
  },
  async down(db) {
    for (const name of ['tasks_waiting', 'tasks_delayed', 'tasks_leased'])
      await sql`drop index ${sql.table(name)}`.execute(db)
    for (const column of ['lane', 'cores', 'memory_mb'])
      await sql`alter table tasks drop column ${sql.ref(column)}`.execute(db)
    await sql`update tasks set state = 'queued' where state = 'delayed'`.execute(db)
    await sql`create index tasks_to_claim on tasks (state, kind, priority, run_after)`.execute(db)
  },
}
