import { type CommandComponentSpec, HaganeError, type JobInput, type SweepJobSpec } from '@hagane/contract'
import { newJobName } from '../../../kernel/ids.ts'
import type { PlannedJob, SweepPlan } from '../model/plan.ts'
import { countStep } from './budget.ts'
import { type CommandParts, jobOf, type PlanContext, planCommand } from './plan-command.ts'
import { declaredInputs, loadComponent } from './plan-component.ts'
import { planDeclaredInputs, planOwnInputs } from './plan-inputs.ts'
import { planOutputs } from './plan-outputs.ts'
import { gridSamples, randomSamples, type Sample } from './sampling.ts'

const DEFAULT_TRIALS = 20
const DEFAULT_CONCURRENT = 4
const LONGEST_NAME = 255

/** Lays out all trials of a sweep at once: random and grid do not depend on results. */
export async function planSweep(context: PlanContext, spec: SweepJobSpec): Promise<PlannedJob> {
  const name = spec.name ?? newJobName()
  const { component } =
    typeof spec.trial === 'string' ? await loadComponent(context, spec.trial, 'job.trial') : { component: undefined }
  if (component !== undefined && component.type !== 'command')
    throw new HaganeError('invalid', `job.trial: a trial is a command, this component is a ${component.type}`)
  const trial: CommandParts & Partial<CommandComponentSpec> = component ?? (spec.trial as CommandComponentSpec)
  const outputs = planOutputs(trial.outputs, spec.outputs, {}, 'job')
  const place = { at: 'job', defaultCompute: spec.compute, reusable: false, search: spec.search_space }
  const samples = samplesOf(context, spec, name)
  refuseLongName(name, samples.length)
  warnOfUnused(context, spec)
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

/** Trials are named after their sweep, `<sweep>_<n>`. */
function refuseLongName(name: string, trials: number): void {
  const room = LONGEST_NAME - `_${trials}`.length
  if (name.length > room)
    throw new HaganeError('invalid', `job.name: the name of this sweep may have at most ${room} characters`, {
      details: [{ property: 'job.name', message: 'too long for its trials to be named after it', allowed: room }],
      hint: 'choose a shorter name',
    })
}

/** What Azure ML's YAML may say and is not carried out. */
function warnOfUnused({ warn }: PlanContext, spec: SweepJobSpec): void {
  if (spec.early_termination !== undefined)
    warn(`early_termination: '${spec.early_termination.type}' is not carried out; every trial runs to its end`)
  for (const [name, output] of Object.entries(spec.outputs ?? {}))
    if (typeof output === 'object' && output?.name !== undefined)
      warn(`outputs.${name}.name: the best trial's output is kept with the sweep and not registered as ${output.name}`)
}

function samplesOf(context: PlanContext, spec: SweepJobSpec, name: string): Sample[] {
  const algorithm =
    typeof spec.sampling_algorithm === 'string' ? { type: spec.sampling_algorithm } : spec.sampling_algorithm
  const limit = spec.limits?.max_total_trials ?? DEFAULT_TRIALS
  if (algorithm.type === 'grid') {
    const samples = gridSamples(spec.search_space, spec.limits?.max_total_trials ?? Number.POSITIVE_INFINITY)
    countStep(context, samples.length)
    return samples
  }
  if (algorithm.type === 'random') countStep(context, limit)
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
