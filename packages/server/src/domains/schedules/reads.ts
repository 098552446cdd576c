import type { Database } from '../../kernel/db/index.ts'
import type { RunRow, ScheduleRow, ScheduleTables } from './tables.ts'

const on = (db: Database) => db.reads.withTables<ScheduleTables>()

export const findSchedule = (db: Database, workspace: string, name: string): Promise<ScheduleRow | undefined> =>
  on(db)
    .selectFrom('schedules')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('name', '=', name)
    .executeTakeFirst()

export interface ScheduleFilter {
  limit: number
  after?: string | undefined
  enabled?: boolean | undefined
  action?: ScheduleRow['action']
}

export function listSchedules(db: Database, workspace: string, filter: ScheduleFilter): Promise<ScheduleRow[]> {
  let query = on(db).selectFrom('schedules').selectAll().where('workspace', '=', workspace)
  if (filter.after !== undefined) query = query.where('name', '>', filter.after)
  if (filter.action !== undefined) query = query.where('action', '=', filter.action)
  if (filter.enabled !== undefined) query = query.where('is_enabled', '=', filter.enabled ? 1 : 0)
  return query.orderBy('name').limit(filter.limit).execute()
}

/** Schedules of all workspaces that have a time to carry out, the longest overdue first. */
export const dueSchedules = (db: Database, now: Date, limit: number): Promise<ScheduleRow[]> =>
  on(db)
    .selectFrom('schedules')
    .selectAll()
    .where('next_tick', '<=', now.getTime())
    .orderBy('next_tick')
    .limit(limit)
    .execute()

/** Newest first. */
export function listRuns(db: Database, schedule: string, limit: number, before?: number): Promise<RunRow[]> {
  const query = on(db).selectFrom('schedule_runs').selectAll().where('schedule_id', '=', schedule)
  return (before === undefined ? query : query.where('seq', '<', before)).orderBy('seq', 'desc').limit(limit).execute()
}

/** The newest run of each schedule, by the schedule's id. */
export async function lastRuns(db: Database, schedules: readonly string[]): Promise<Map<string, RunRow>> {
  if (schedules.length === 0) return new Map()
  const rows = await on(db)
    .selectFrom('schedule_runs as run')
    .selectAll()
    .where('schedule_id', 'in', schedules)
    .where('seq', '=', query =>
      query
        .selectFrom('schedule_runs as other')
        .select(({ fn }) => fn.max('other.seq').as('seq'))
        .whereRef('other.schedule_id', '=', 'run.schedule_id'),
    )
    .execute()
  return new Map(rows.map(row => [row.schedule_id, row]))
}
