import type { JobSpec } from '@hagane/contract'
import type { PlannedJob } from '../model/plan.ts'
import { type Place, type PlanContext, planCommandJob } from './plan-command.ts'
import { planPipelineJob } from './plan-pipeline.ts'
import { planSweep } from './plan-sweep.ts'

/** Resolves every reference of a submitted job to digests and lays out its steps. Throws invalid or not_found naming the property. */
export async function planJob(context: PlanContext, spec: JobSpec): Promise<PlannedJob> {
  const place: Place = { at: 'job', parentOutputs: {}, defaultCompute: undefined, reusable: false }
  const planned =
    spec.type === 'command'
      ? await planCommandJob(context, spec, place)
      : spec.type === 'pipeline'
        ? await planPipelineJob(context, spec, place)
        : await planSweep(context, spec)
  return spec.name === undefined ? planned : { ...planned, name: spec.name }
}
