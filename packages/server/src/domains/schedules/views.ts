import { ianaZone, type Page, type ScheduleResource, type ScheduleRun } from '@hagane/contract'
import { numberCursor, pageFrom, textCursor } from '../../kernel/http/index.ts'
import { localText } from './local-time.ts'
import type { ScheduleNeeds } from './needs.ts'
import { lastRuns, listRuns, listSchedules } from './reads.ts'
import { toResource, toRun } from './resource.ts'
import { getSchedule, timesOf, triggerOf } from './service.ts'

interface Asked {
  limit: number
  cursor?: string | undefined
}

/** Throws not_found. */
export async function showSchedule(needs: ScheduleNeeds, workspace: string, name: string): Promise<ScheduleResource> {
  const row = await getSchedule(needs, workspace, name)
  return toResource(row, (await lastRuns(needs.db, [row.id])).get(row.id))
}

/** By name. */
export async function pageOfSchedules(
  { db }: ScheduleNeeds,
  workspace: string,
  { limit, cursor, enabled }: Asked & { enabled?: boolean | undefined },
): Promise<Page<ScheduleResource>> {
  const rows = await listSchedules(db, workspace, { limit: limit + 1, after: textCursor(cursor), enabled })
  const ids = rows.map(row => row.id)
  const last = await lastRuns(db, ids)
  return pageFrom(
    rows,
    limit,
    row => toResource(row, last.get(row.id)),
    row => [row.name],
  )
}

/** Newest first. Throws not_found. */
export async function pageOfRuns(
  needs: ScheduleNeeds,
  workspace: string,
  name: string,
  { limit, cursor }: Asked,
): Promise<Page<ScheduleRun>> {
  const row = await getSchedule(needs, workspace, name)
  return pageFrom(
    await listRuns(needs.db, row.id, limit + 1, numberCursor(cursor)),
    limit,
    run => toRun(row, run),
    run => [run.seq],
  )
}

/** The next times after now, as if the schedule were enabled. Throws not_found. */
export async function nextTimes(needs: ScheduleNeeds, workspace: string, name: string, count: number) {
  const row = await getSchedule(needs, workspace, name)
  const { time_zone } = triggerOf(row)
  const timetable = timesOf(row)
  const times = []
  for (let at = timetable.next(needs.db.clock.now()); at !== undefined && times.length < count; at = timetable.next(at))
    times.push({ utc: at.toISOString(), local: localText(at, ianaZone(time_zone) ?? 'UTC') })
  return { time_zone, times }
}
