import type { GateRunResource } from '@hagane/contract'
import type { Who } from '../../kernel/db/index.ts'
import type { BoundRoute } from '../../kernel/http/index.ts'
import { registerJudging } from './judging.ts'
import type { GateNeeds } from './needs.ts'
import { findGate, findRun } from './reads.ts'
import { toRun } from './resource.ts'
import { bindRoutes } from './routes.ts'
import { type Asked, noGate, runGate } from './service.ts'

export interface Gates {
  routes: BoundRoute[]
  /**
   * Begins to judge a candidate; the name of the run, whose end is an event `dev.hagane.gate.passed`, `failed`, `inconclusive` or
   * `not-judged`. With the same `idempotency` again it answers the run of the first time. Throws not_found and invalid.
   */
  run(who: Who, asked: Asked): Promise<string>
  /** undefined when there is none of this name. */
  find(workspace: string, run: string): Promise<GateRunResource | undefined>
  /** Throws not_found, named after the property that names the gate. */
  require(workspace: string, gate: string, property: string): Promise<void>
}

/** What a candidate has to be, by itself and beside the champion, on the same data. */
export function buildGates(needs: GateNeeds): Gates {
  registerJudging(needs)
  return {
    routes: bindRoutes(needs),
    run: (who, asked) => runGate(needs, who, asked),
    async find(workspace, run) {
      const row = await findRun(needs.db, workspace, run)
      return row === undefined ? undefined : toRun(row)
    },
    async require(workspace, gate, property) {
      if ((await findGate(needs.db, workspace, gate)) === undefined) throw noGate(workspace, gate, property)
    },
  }
}
