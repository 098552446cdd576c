import type { JobSpec } from '@hagane/contract'
import type { PlannedJob } from '../model/plan.ts'
import { newBudget } from './budget.ts'
import { checkComputes } from './check-computes.ts'
import { refuseBindings } from './edges.ts'
import { type Place, type PlanContext, planCommandJob } from './plan-command.ts'
import { planPipelineJob } from './plan-pipeline.ts'
import { planSweep } from './plan-sweep.ts'

/** Resolves every reference of a submitted job to digests and lays out its steps. Throws invalid or not_found naming the property. */
export async function planJob(
  given: Pick<PlanContext, 'needs' | 'workspace' | 'warn'>,
  spec: JobSpec,
): Promise<PlannedJob> {
  const context: PlanContext = { ...given, within: [], budget: newBudget(), components: new Map() }
  const place: Place = { at: 'job', parentOutputs: {}, defaultCompute: undefined, reusable: false, rerun: 'single-job' }
  const planned =
    spec.type === 'command'
      ? await planCommandJob(context, spec, place)
      : spec.type === 'pipeline'
        ? await planPipelineJob(context, spec, place)
        : await planSweep(context, spec, place)
  refuseBindings(planned.plan.inputs)
  await checkComputes(context, planned)
  return spec.name === undefined
    ? planned
    : { ...planned, name: spec.name, displayName: spec.display_name ?? spec.name }
}
