import type { Database } from '../../kernel/db/index.ts'
import type { DefaultRow, FindingRow, MonitoringTables, RunRow } from './tables.ts'

const on = (db: Database) => db.reads.withTables<MonitoringTables>()

export const findRun = (db: Database, workspace: string, name: string): Promise<RunRow | undefined> =>
  on(db)
    .selectFrom('monitor_runs')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('name', '=', name)
    .executeTakeFirst()

/** The newest run that is over. */
export const latestRun = (db: Database, monitorId: string): Promise<RunRow | undefined> =>
  on(db)
    .selectFrom('monitor_runs')
    .selectAll()
    .where('monitor_id', '=', monitorId)
    .where('finished_at', 'is not', null)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()

/** Newest first, without their details. */
export function listRuns(
  db: Database,
  monitorId: string,
  limit: number,
  before?: number,
): Promise<Omit<RunRow, 'results'>[]> {
  const query = on(db)
    .selectFrom('monitor_runs')
    .select(['monitor_id', 'seq', 'workspace', 'monitor', 'name', 'kind', 'time', 'definition', 'status'])
    .select(['result', 'error', 'summary', 'created_at', 'finished_at'])
    .where('monitor_id', '=', monitorId)
  return (before === undefined ? query : query.where('seq', '<', before)).orderBy('seq', 'desc').limit(limit).execute()
}

/** The newest run of each monitor, by its id. */
export async function lastRuns(db: Database, monitors: readonly string[]): Promise<Map<string, RunRow>> {
  if (monitors.length === 0) return new Map()
  const rows = await on(db)
    .selectFrom('monitor_runs as run')
    .selectAll()
    .where('monitor_id', 'in', monitors)
    .where('seq', '=', query =>
      query
        .selectFrom('monitor_runs as other')
        .select(({ fn }) => fn.max('other.seq').as('seq'))
        .whereRef('other.monitor_id', '=', 'run.monitor_id'),
    )
    .execute()
  return new Map(rows.map(row => [row.monitor_id, row]))
}

export const openFindings = (db: Database, monitorId: string): Promise<FindingRow[]> =>
  on(db).selectFrom('monitor_findings').selectAll().where('monitor_id', '=', monitorId).orderBy('key').execute()

/** How many findings are open, by monitor. */
export async function openCounts(db: Database, monitors: readonly string[]): Promise<Map<string, number>> {
  if (monitors.length === 0) return new Map()
  const rows = await on(db)
    .selectFrom('monitor_findings')
    .select(({ fn }) => ['monitor_id', fn.countAll().as('count')])
    .where('monitor_id', 'in', monitors)
    .groupBy('monitor_id')
    .execute()
  return new Map(rows.map(row => [row.monitor_id, Number(row.count)]))
}

/** Monitors that the server made for deployments. */
export const listDefaults = (db: Database, workspace: string): Promise<DefaultRow[]> =>
  on(db).selectFrom('monitor_defaults').selectAll().where('workspace', '=', workspace).execute()

/** Stored profiles of hours, from the first to the last, with what they were made of. */
export const profilesBetween = (
  db: Database,
  of: { workspace: string; endpoint: string; deployment: string; basis: string },
  from: string,
  to: string,
): Promise<{ hour: string; content: string; profile: string }[]> =>
  on(db)
    .selectFrom('monitor_profiles')
    .select(['hour', 'content', 'profile'])
    .where('workspace', '=', of.workspace)
    .where('endpoint', '=', of.endpoint)
    .where('deployment', '=', of.deployment)
    .where('basis', '=', of.basis)
    .where('hour', '>=', from)
    .where('hour', '<=', to)
    .orderBy('hour')
    .execute()

export async function findReference(
  db: Database,
  workspace: string,
  content: string,
  basis: string,
): Promise<string | undefined> {
  const row = await on(db)
    .selectFrom('monitor_references')
    .select('measured')
    .where('workspace', '=', workspace)
    .where('content', '=', content)
    .where('basis', '=', basis)
    .executeTakeFirst()
  return row?.measured
}
