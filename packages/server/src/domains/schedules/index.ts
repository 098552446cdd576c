import type { MonitorSpec, ScheduleResource } from '@hagane/contract'
import type { Tx, Who } from '../../kernel/db/index.ts'
import type { BoundRoute } from '../../kernel/http/index.ts'
import type { ScheduleNeeds } from './needs.ts'
import { findSchedule, listSchedules } from './reads.ts'
import { toResource } from './resource.ts'
import { bindRoutes } from './routes.ts'
import type { ScheduleChange } from './service.ts'
import { changeExisting, noMonitor, putMonitor, putMonitorIn, removeIn, removeSchedule, runMonitor } from './service.ts'
import { scheduleForUpdate } from './store.ts'
import type { ScheduleRow } from './tables.ts'
import { buildTicker } from './ticker.ts'

export { atMoment } from './action.ts'
export { completeJob, namedAfter } from './complete-job.ts'
export { decide } from './due.ts'
export type { ScheduledMonitors } from './needs.ts'
export type { ScheduleRow } from './tables.ts'
export { timetableOf } from './timetable.ts'

/** The schedules whose times have a monitor judge. */
export interface MonitorSchedules {
  put(who: Who, monitor: MonitorSpec): Promise<void>
  /** The same in a transaction of the caller's, unchecked. */
  putIn(tx: Tx, monitor: MonitorSpec): Promise<void>
  /** `check` sees the row before anything is written. Throws not_found. */
  change(who: Who, name: string, change: ScheduleChange, check: (row: ScheduleRow) => void): Promise<void>
  remove(who: Who, name: string): Promise<void>
  /** Nothing happens when there is none. */
  removeIn(tx: Tx, name: string): Promise<void>
  run(who: Who, name: string, time?: Date): Promise<string>
  /** Throws not_found, also for a schedule that creates jobs. */
  get(workspace: string, name: string): Promise<ScheduleRow>
  list(
    workspace: string,
    filter: { limit: number; after?: string | undefined; enabled?: boolean | undefined },
  ): Promise<ScheduleRow[]>
  resource(row: ScheduleRow): ScheduleResource
}

export interface Schedules {
  monitors: MonitorSchedules
  routes: BoundRoute[]
  /** Begins to carry out what is due, and what became due while no server ran. */
  start(): void
  /** Carries out all that is due by now, at once. */
  poll(): Promise<void>
  stop(): Promise<void>
}

/** Jobs at the times of a calendar: each time creates one job, also across restarts and with several servers on one database. */
export function buildSchedules(needs: ScheduleNeeds): Schedules {
  const ticker = buildTicker(needs)
  return {
    monitors: monitorSchedules(needs),
    routes: bindRoutes(needs),
    start: ticker.start,
    poll: ticker.poll,
    stop: ticker.stop,
  }
}

const monitorSchedules = (needs: ScheduleNeeds): MonitorSchedules => {
  const get = async (workspace: string, name: string): Promise<ScheduleRow> => {
    const row = await findSchedule(needs.db, workspace, name)
    if (row?.action !== 'monitor') throw noMonitor(workspace, name)
    return row
  }
  return {
    get,
    put: (who, monitor) => putMonitor(needs, who, monitor),
    putIn: (tx, monitor) => putMonitorIn(needs, tx, monitor),
    async change(who, name, change, check) {
      await get(who.workspace, name)
      await changeExisting(needs, who, name, change, check)
    },
    async remove(who, name) {
      await get(who.workspace, name)
      await removeSchedule(needs, who, name)
    },
    async removeIn(tx, name) {
      const row = await scheduleForUpdate(tx, name)
      if (row?.action === 'monitor') await removeIn(needs, tx, row)
    },
    run: (who, name, time) => runMonitor(needs, who, name, time),
    list: (workspace, filter) => listSchedules(needs.db, workspace, { ...filter, action: 'monitor' }),
    resource: row => toResource(row, undefined),
  }
}
