import type { RolloutMeasurement, RolloutPhase, RolloutResource, RolloutSpec } from '@hagane/contract'
import { creationContextOf } from '../../kernel/stamps.ts'
import { planOf, stepName } from './plan.ts'
import type { MeasurementRow, RolloutRow } from './tables.ts'
import { DEPLOYING, type RolloutState } from './types.ts'

/** A rollout as the API shows it. */
export function toResource(row: RolloutRow): RolloutResource {
  const spec = JSON.parse(row.spec) as RolloutSpec
  const state = JSON.parse(row.state) as RolloutState
  const { pause } = state
  return {
    id: `azureml:${row.name}`,
    name: row.name,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    tags: spec.tags ?? {},
    ...{ endpoint: row.endpoint, deployment: row.candidate, stable: row.stable },
    phase: row.phase as RolloutPhase,
    ...(state.message === undefined ? {} : { message: state.message }),
    attempt: state.attempt,
    current_step: state.step,
    steps: stepsOf(spec, state),
    ...{ weight: state.weight, mirror: state.mirror },
    ...(row.before === null ? {} : { before: JSON.parse(row.before) }),
    ...(pause === undefined ? {} : { pause: pauseOf(pause) }),
    approvals: state.approvals,
    spec,
    etag: String(row.revision),
    creation_context: creationContextOf(row),
  }
}

const pauseOf = ({ reason, until, approvers }: NonNullable<RolloutState['pause']>) => ({
  reason,
  ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
  ...(approvers === undefined ? {} : { approvers: [...approvers] }),
})

function stepsOf(spec: RolloutSpec, state: RolloutState): RolloutResource['steps'] {
  const stateOf = (i: number): RolloutResource['steps'][number]['state'] => {
    if (state.skipped.includes(i)) return 'skipped'
    if (i !== state.step || state.phase === 'Pending') return i < state.step ? 'done' : 'waiting'
    return state.phase === 'Degraded' ? 'failed' : 'running'
  }
  const steps = planOf(spec).steps.map((step, i) => ({ name: stepName(step), state: stateOf(i) }))
  return spec.model === undefined ? steps : [{ name: stepName(undefined), state: stateOf(DEPLOYING) }, ...steps]
}

export const toMeasurement = (row: MeasurementRow): RolloutMeasurement => ({
  ...{ attempt: row.attempt, step: row.step, metric: row.metric, time: row.time },
  phase: row.phase as RolloutMeasurement['phase'],
  ...{ result: row.result, stable: row.stable, count: row.count },
  ...(row.message === null ? {} : { message: row.message }),
})
