import type { BoundRoute } from '../../kernel/http/index.ts'
import type { ScheduledMonitors } from '../schedules/index.ts'
import { buildActions } from './action.ts'
import { followDeployments } from './defaults.ts'
import type { MonitoringNeeds } from './needs.ts'
import { bindRoutes } from './routes.ts'
import { registerRuns } from './run.ts'

export { chartsIn } from './charts.ts'

export interface Monitoring {
  routes: BoundRoute[]
  /** What schedules do with the monitors among them. */
  actions: ScheduledMonitors
  /** Resolves when every deployment that was revised by now has its monitor. */
  catchUp(): Promise<void>
}

/**
 * Monitors of deployments: at the times of a schedule they judge what was collected against a reference, keep what they found,
 * and tell of what is beyond a threshold and of its end.
 */
export function buildMonitoring(needs: MonitoringNeeds): Monitoring {
  registerRuns(needs)
  const deployments = followDeployments(needs)
  return { routes: bindRoutes(needs), actions: buildActions(needs), catchUp: deployments.catchUp }
}
