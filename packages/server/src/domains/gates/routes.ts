import { gateRoutes } from '@hagane/contract'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import type { GateNeeds } from './needs.ts'
import { putGate, removeGate, runGate } from './service.ts'
import { pageOfGates, pageOfRuns, showGate, showRun } from './views.ts'

/** The HTTP face of gates. */
export const bindRoutes = (needs: GateNeeds): BoundRoute[] => [
  implement(gateRoutes.create, async call => {
    await putGate(needs, call, call.body)
    return showGate(needs.db, call.workspace, call.body.name)
  }),
  implement(gateRoutes.list, call => pageOfGates(needs.db, call.workspace, call.query)),
  implement(gateRoutes.show, call => showGate(needs.db, call.workspace, call.params.name)),
  implement(gateRoutes.delete, async call => {
    await removeGate(needs, call, call.params.name)
    return { ok: true as const }
  }),
  implement(gateRoutes.run, async call => {
    const { candidate, champion } = call.body
    const name = await runGate(needs, call, { gate: call.params.name, candidate, champion })
    return showRun(needs.db, call.workspace, name)
  }),
  implement(gateRoutes.runs, call => pageOfRuns(needs.db, call.workspace, call.query)),
  implement(gateRoutes.showRun, call => showRun(needs.db, call.workspace, call.params.name)),
]
