import { type CommandComponentSpec, HaganeError, type JobInput, type SweepJobSpec } from '@hagane/contract'
import { newJobName } from '../../../kernel/ids.ts'
import type { PlannedJob, SweepPlan } from '../model/plan.ts'
import { type CommandParts, jobOf, type PlanContext, planCommand } from './plan-command.ts'
import { declaredInputs, loadComponent } from './plan-component.ts'
import { planDeclaredInputs, planOwnInputs } from './plan-inputs.ts'
import { planOutputs } from './plan-outputs.ts'
import { gridSamples, randomSamples, type Sample } from './sampling.ts'

const DEFAULT_TRIALS = 20
const DEFAULT_CONCURRENT = 4

/** Lays out all trials of a sweep at once: random and grid do not depend on results. */
export async function planSweep(context: PlanContext, spec: SweepJobSpec): Promise<PlannedJob> {
  const name = spec.name ?? newJobName()
  const { component } =
    typeof spec.trial === 'string' ? await loadComponent(context, spec.trial, 'job.trial') : { component: undefined }
  if (component?.type === 'pipeline')
    throw new HaganeError('invalid', 'job.trial: a trial is a command, this component is a pipeline')
  const trial: CommandParts & Partial<CommandComponentSpec> = component ?? (spec.trial as CommandComponentSpec)
  const outputs = planOutputs(trial.outputs, spec.outputs, {}, 'job')
  const place = { at: 'job', defaultCompute: spec.compute, reusable: false }
  const samples = samplesOf(spec, name)
  const children: PlannedJob[] = []
  for (const [i, sample] of samples.entries()) {
    const given: Record<string, JobInput> = {
      ...spec.inputs,
      ...(trial.inputs === undefined || trial.inputs === null ? {} : sample),
    }
    const inputs = trial.inputs
      ? await planDeclaredInputs({ ...context, at: 'job' }, declaredInputs(trial as CommandComponentSpec), given)
      : await planOwnInputs({ ...context, at: 'job' }, given)
    const limits = spec.limits?.trial_timeout === undefined ? trial.limits : { timeout: spec.limits.trial_timeout }
    const plan = await planCommand(
      context,
      { ...trial, limits, resources: { ...trial.resources, ...spec.resources } },
      inputs,
      withoutNames(outputs),
      place,
    )
    const child = jobOf(
      { compute: spec.compute, display_name: `${spec.display_name ?? name}_${i}` },
      { ...place, step: `trial_${i}` },
      { ...trial, type: 'command', search: sample },
      { ...plan, search: sample },
    )
    children.push({ ...child, name: `${name}_${i}`, params: { ...child.params, ...sample } })
  }
  const plan: SweepPlan = {
    kind: 'sweep',
    inputs: await planOwnInputs({ ...context, at: 'job' }, spec.inputs ?? {}),
    outputs,
    objective: { goal: spec.objective.goal, metric: spec.objective.primary_metric },
    maxConcurrent: spec.limits?.max_concurrent_trials ?? DEFAULT_CONCURRENT,
    ...(spec.limits?.timeout === undefined ? {} : { timeout: spec.limits.timeout }),
  }
  return { ...jobOf(spec, place, spec, plan), name, children }
}

function samplesOf(spec: SweepJobSpec, name: string): Sample[] {
  const algorithm =
    typeof spec.sampling_algorithm === 'string' ? { type: spec.sampling_algorithm } : spec.sampling_algorithm
  const limit = spec.limits?.max_total_trials ?? DEFAULT_TRIALS
  if (algorithm.type === 'grid')
    return gridSamples(spec.search_space, spec.limits?.max_total_trials ?? Number.POSITIVE_INFINITY)
  if (algorithm.type === 'random')
    return randomSamples(spec.search_space, limit, String((algorithm as { seed?: unknown }).seed ?? name))
  throw new HaganeError('unsupported', `sampling_algorithm: '${algorithm.type}' cannot be run yet`, {
    details: [
      { property: 'sampling_algorithm', message: 'not supported', sent: algorithm.type, allowed: ['random', 'grid'] },
    ],
    hint: 'use --set sampling_algorithm=random',
  })
}

/** Trials do not register assets; the best one's outputs become the sweep's. */
const withoutNames = (outputs: SweepPlan['outputs']): SweepPlan['outputs'] =>
  Object.fromEntries(Object.entries(outputs).map(([key, { name: _n, version: _v, path: _p, ...rest }]) => [key, rest]))
