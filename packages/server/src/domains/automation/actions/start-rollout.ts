import { parseOrThrow, type RolloutResource, rolloutSpec } from '@hagane/contract'
import { render, type Values } from '../expressions.ts'
import type { Outcome } from '../run-context.ts'
import { keyOf, type Performer } from './performer.ts'

export const rolloutOf = (given: unknown, values: Values, property: string) =>
  parseOrThrow(rolloutSpec, render(given, values, property), property)

/** A rollout of its own, once by the key of the action. Promoted is its success, turned back its failure. */
export const startRollout: Performer = {
  async begin(needs, context) {
    const { action, values, who, row, run, record } = context
    const spec = rolloutOf(action.start_rollout, values, `do.${row.position}.start_rollout`)
    const rollout = await needs.rollouts.startRollout(who, spec, { idempotency: keyOf(run, row) })
    const found = await needs.rollouts.find(run.workspace, rollout)
    const result = found === undefined ? { rollout } : resultOf(found)
    await needs.db.withTransaction(who, tx =>
      record(
        tx,
        action.wait === false
          ? { state: 'succeeded', result }
          : { state: 'waiting', waits_for: `rollout/${rollout}`, result },
      ),
    )
  },
  async ended(needs, run, row) {
    const { rollout = '' } = JSON.parse(row.result ?? '{}') as { rollout?: string }
    const found = await needs.rollouts.find(run.workspace, rollout)
    if (found === undefined) return { state: 'failed', error: `rollout ${rollout} is gone`, result: { rollout } }
    return outcomeOf(found)
  },
}

function outcomeOf(rollout: RolloutResource): Outcome | undefined {
  const result = resultOf(rollout)
  if (rollout.phase === 'Healthy') return { state: 'succeeded', result }
  if (rollout.phase !== 'Degraded') return undefined
  return { state: 'failed', error: `rollout ${rollout.name} was turned back: ${rollout.message ?? ''}`, result }
}

const resultOf = ({ name, phase, endpoint, deployment, message }: RolloutResource) => ({
  ...{ rollout: name, phase, endpoint, deployment },
  ...(message === undefined ? {} : { message }),
})
