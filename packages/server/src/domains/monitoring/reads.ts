import type { WindowProfile } from '@hagane/tabular'
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

/** What the kept profiles of hours and days were made of, from the day of the first hour to the last, and that of the span of days. */
export async function keptContents(
  db: Database,
  of: ProfiledPlace,
  { from, to, span }: { from: string; to: string; span: string },
): Promise<Map<string, string>> {
  const rows = await placed(db, of)
    .select(['hour', 'content'])
    .where(({ and, eb, or }) =>
      or([eb('hour', '=', span), and([eb('hour', '>=', from.slice(0, '2026-11-26'.length)), eb('hour', '<=', to)])]),
    )
    .execute()
  return new Map(rows.map(({ hour, content }) => [hour, content]))
}

/** Kept profiles by hour or day. */
export async function keptProfiles(
  db: Database,
  of: ProfiledPlace,
  keys: readonly string[],
): Promise<Map<string, WindowProfile>> {
  const found = new Map<string, WindowProfile>()
  for (let i = 0; i < keys.length; i += CHUNK) {
    const rows = await placed(db, of)
      .select(['hour', 'profile'])
      .where('hour', 'in', keys.slice(i, i + CHUNK))
      .execute()
    for (const { hour, profile } of rows) found.set(hour, JSON.parse(profile) as WindowProfile)
  }
  return found
}

interface ProfiledPlace {
  workspace: string
  endpoint: string
  deployment: string
  basis: string
}

const CHUNK = 400

const placed = (db: Database, { workspace, endpoint, deployment, basis }: ProfiledPlace) =>
  on(db)
    .selectFrom('monitor_profiles')
    .where('workspace', '=', workspace)
    .where('endpoint', '=', endpoint)
    .where('deployment', '=', deployment)
    .where('basis', '=', basis)

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
