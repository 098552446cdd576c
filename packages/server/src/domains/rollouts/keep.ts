import type { RolloutSpec } from '@hagane/contract'
import type { Tx } from '../../kernel/db/index.ts'
import type { Split } from '../endpoints/index.ts'
import { nextLook } from './advance.ts'
import { signalOf } from './alerts.ts'
import type { RolloutNeeds } from './needs.ts'
import { changeRollout, insertMeasurements } from './store.ts'
import type { RolloutRow } from './tables.ts'
import type { Effect, Measured, Move, Plan, RolloutState } from './types.ts'

/** What the row knows of the world when effects are carried out. */
export interface Known {
  /** Model of the candidate, `azureml:<name>:<version>`. */
  model?: string | undefined
}

/** Writes a new state and everything that follows from it, in one transaction: traffic, alias, measurements, events. */
export async function keep(
  needs: Pick<RolloutNeeds, 'endpoints' | 'models'>,
  tx: Tx,
  row: RolloutRow,
  plan: Plan,
  move: Move,
  { measured = [], ...known }: Known & { measured?: readonly Measured[] } = {},
): Promise<void> {
  const { state, effects } = move
  const old = JSON.parse(row.state) as RolloutState
  await insertMeasurements(
    tx,
    row,
    measured.map(one => measurementOf(old, one)),
  )
  for (const effect of effects) await carryOut(needs, tx, row, state, effect, known)
  const isOnItsWay = state.phase === 'Progressing' || state.phase === 'Paused'
  await changeRollout(tx, row, {
    phase: state.phase,
    state: JSON.stringify(state),
    before: row.before,
    holds: isOnItsWay ? row.endpoint : null,
    next_look: nextLook(plan, state, tx.now.getTime()) ?? null,
  })
}

const measurementOf = (
  { attempt, step }: RolloutState,
  { place, metric, phase, result, stable, count, message }: Measured,
) => ({
  ...{ attempt, metric, phase, result, stable, count },
  step: place === 'background' ? -1 : step,
  message: message ?? null,
})

async function carryOut(
  { endpoints, models }: Pick<RolloutNeeds, 'endpoints' | 'models'>,
  tx: Tx,
  row: RolloutRow,
  state: RolloutState,
  effect: Effect,
  { model }: Known,
): Promise<void> {
  const before = JSON.parse(row.before ?? '{"traffic":{},"mirror_traffic":{}}') as Split
  switch (effect.kind) {
    case 'begin':
      return
    case 'event':
      return tell(tx, row, effect)
    case 'restore':
      return endpoints.steering.split(tx, row.endpoint, before)
    case 'traffic':
      return endpoints.steering.split(tx, row.endpoint, splitOf(row, before, state))
    case 'promote': {
      const { promotion } = JSON.parse(row.spec) as RolloutSpec
      const wanted = promotion.traffic === 'candidate' ? splitOf(row, before, { weight: 100, mirror: 0 }) : before
      await endpoints.steering.split(tx, row.endpoint, wanted)
      const [, name, version] = /^azureml:([^:/]+):([^:/]+)$/.exec(model ?? '') ?? []
      if (promotion.alias !== undefined && name !== undefined && version !== undefined)
        await models.setAlias(tx, name, promotion.alias, version)
    }
  }
}

function tell(tx: Tx, row: RolloutRow, { what, data, alert }: Extract<Effect, { kind: 'event' }>): void {
  const { name, endpoint, candidate: deployment, stable } = row
  tx.append({
    type: `dev.hagane.rollout.${what}`,
    subject: `rollout/${name}`,
    data: {
      ...{ rollout: name, endpoint, deployment, stable, ...data },
      ...(alert === undefined ? {} : { alert: signalOf(row, alert) }),
    },
  })
}

/** The traffic while a rollout is on its way: the candidate's share goes off that of the stable deployment; other mirrors stay. */
export function splitOf(
  { candidate, stable }: Pick<RolloutRow, 'candidate' | 'stable'>,
  before: Split,
  { weight, mirror }: Pick<RolloutState, 'weight' | 'mirror'>,
): Split {
  const { [candidate]: _, ...others } = before.mirror_traffic
  return {
    traffic: { [stable]: 100 - weight, [candidate]: weight },
    mirror_traffic: { ...others, ...(mirror > 0 ? { [candidate]: mirror } : {}) },
  }
}
