import { type MonitorResource, monitorRoutes } from '@hagane/contract'
import { type BoundRoute, checkIfMatch, implement } from '../../kernel/http/index.ts'
import type { MonitoringNeeds } from './needs.ts'
import { findingsOf, pageOfMonitors, pageOfRuns, resultsOfRun, showMonitor } from './views.ts'
import { warningsOf } from './warnings.ts'

/** The HTTP face of monitors. */
export const bindRoutes = (
  needs: Pick<MonitoringNeeds, 'db' | 'schedules' | 'deployment' | 'resolve' | 'components'>,
): BoundRoute[] => [
  implement(monitorRoutes.create, async call => {
    await needs.schedules.put(call, call.body.monitor)
    return changed(needs, call.workspace, call.body.monitor.name)
  }),
  implement(monitorRoutes.list, call => pageOfMonitors(needs, call.workspace, call.query)),
  implement(monitorRoutes.show, call => showMonitor(needs, call.workspace, call.params.name)),
  implement(monitorRoutes.update, async call => {
    const { name } = call.params
    await needs.schedules.change(call, name, call.body, row => checkIfMatch(call, String(row.revision)))
    return changed(needs, call.workspace, name)
  }),
  implement(monitorRoutes.delete, async call => {
    await needs.schedules.remove(call, call.params.name)
    return { ok: true as const }
  }),
  implement(monitorRoutes.run, async call => {
    const { name } = call.params
    const time = call.body.time === undefined ? undefined : new Date(call.body.time)
    return resultsOfRun(needs, call.workspace, name, await needs.schedules.run(call, name, time))
  }),
  implement(monitorRoutes.runs, call => pageOfRuns(needs, call.workspace, call.params.name, call.query)),
  implement(monitorRoutes.results, call => resultsOfRun(needs, call.workspace, call.params.name, call.params.run)),
  implement(monitorRoutes.findings, async call => ({
    items: await findingsOf(needs, call.workspace, call.params.name),
  })),
]

/** A monitor after a change, with what it names that is not there. */
async function changed(
  needs: Parameters<typeof bindRoutes>[0],
  workspace: string,
  name: string,
): Promise<MonitorResource> {
  const monitor = await showMonitor(needs, workspace, name)
  const warnings = await warningsOf(needs, workspace, monitor.create_monitor)
  return warnings.length === 0 ? monitor : { ...monitor, warnings }
}
