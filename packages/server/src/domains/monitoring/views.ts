import {
  HaganeError,
  type MonitorResource,
  type MonitorRun,
  type OpenFinding,
  type Page,
  type SignalResult,
} from '@hagane/contract'
import { numberCursor, pageFrom, textCursor } from '../../kernel/http/index.ts'
import type { ScheduleRow } from '../schedules/index.ts'
import type { MonitoringNeeds } from './needs.ts'
import { findRun, lastRuns, latestRun, listDefaults, listRuns, openCounts, openFindings } from './reads.ts'
import { toOpenFinding, toResource, toRun } from './resource.ts'

type Needs = Pick<MonitoringNeeds, 'db' | 'schedules'>

interface Asked {
  limit: number
  cursor?: string | undefined
}

async function resources({ db }: Needs, workspace: string, rows: ScheduleRow[]): Promise<Map<string, MonitorResource>> {
  const ids = rows.map(row => row.id)
  const [last, open, defaults] = [await lastRuns(db, ids), await openCounts(db, ids), await listDefaults(db, workspace)]
  const made = new Set(defaults.map(one => one.monitor))
  return new Map(
    rows.map(row => [
      row.id,
      toResource(row, { last: last.get(row.id), open: open.get(row.id) ?? 0, isDefault: made.has(row.name) }),
    ]),
  )
}

/** Throws not_found. */
export async function showMonitor(needs: Needs, workspace: string, name: string): Promise<MonitorResource> {
  const row = await needs.schedules.get(workspace, name)
  return (await resources(needs, workspace, [row])).get(row.id) as MonitorResource
}

/** By name. */
export async function pageOfMonitors(
  needs: Needs,
  workspace: string,
  { limit, cursor, enabled }: Asked & { enabled?: boolean | undefined },
): Promise<Page<MonitorResource>> {
  const rows = await needs.schedules.list(workspace, { limit: limit + 1, after: textCursor(cursor), enabled })
  const known = await resources(needs, workspace, rows)
  return pageFrom(
    rows,
    limit,
    row => known.get(row.id) as MonitorResource,
    row => [row.name],
  )
}

/** Newest first. Throws not_found. */
export async function pageOfRuns(
  needs: Needs,
  workspace: string,
  name: string,
  { limit, cursor }: Asked,
): Promise<Page<MonitorRun>> {
  const { id } = await needs.schedules.get(workspace, name)
  return pageFrom(await listRuns(needs.db, id, limit + 1, numberCursor(cursor)), limit, toRun, run => [run.seq])
}

/** A run by name, with every metric; `latest` is the newest that is over. Throws not_found. */
export async function resultsOfRun(
  { db, schedules }: Needs,
  workspace: string,
  name: string,
  run: string,
): Promise<MonitorRun & { results: SignalResult[] }> {
  const { id } = await schedules.get(workspace, name)
  const found = run === 'latest' ? await latestRun(db, id) : await findRun(db, workspace, run)
  if (found?.monitor_id !== id)
    throw new HaganeError(
      'not_found',
      run === 'latest' ? `monitor '${name}' has no run that is over yet` : `monitor '${name}' has no run '${run}'`,
      { hint: `hagane monitor run -n ${name} judges now; hagane monitor runs -n ${name} lists what there is` },
    )
  return { ...toRun(found), results: JSON.parse(found.results ?? '[]') }
}

/** What is beyond its threshold now. Throws not_found. */
export async function findingsOf({ db, schedules }: Needs, workspace: string, name: string): Promise<OpenFinding[]> {
  const { id } = await schedules.get(workspace, name)
  return (await openFindings(db, id)).map(toOpenFinding)
}
