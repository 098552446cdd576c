import type { BoundRoute } from '../../kernel/http/index.ts'
import type { ScheduleNeeds } from './needs.ts'
import { bindRoutes } from './routes.ts'
import { buildTicker } from './ticker.ts'

export interface Schedules {
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
  return { routes: bindRoutes(needs), start: ticker.start, poll: ticker.poll, stop: ticker.stop }
}
