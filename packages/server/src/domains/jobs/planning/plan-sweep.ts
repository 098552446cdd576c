import { createHash } from 'node:crypto'
import {
  type CommandComponentSpec,
  findExpressions,
  HaganeError,
  type SweepJobSpec,
  type SweepNode,
} from '@hagane/contract'
import { canonicalJson } from '../../../kernel/canonical-json.ts'
import type { CommandPlan, InputValue, OutputPlan, PlannedJob, Sampling, SweepPlan } from '../model/plan.ts'
import { probesOf } from '../sweep/space.ts'
import { checkSweep } from './check-sweep.ts'
import { type CommandParts, jobOf, type Place, type PlanContext, planCommand } from './plan-command.ts'
import { type Identity, loadComponent } from './plan-component.ts'
import { checkLimits, type DeclaredInputs, planDeclaredInputs, planOwnInputs } from './plan-inputs.ts'
import { planOutputs } from './plan-outputs.ts'

/** Azure ML's default. */
const DEFAULT_TRIALS = 1000
const LONGEST_NAME = 255

type SweepSpec = SweepJobSpec | SweepNode

interface LoadedTrial {
  parts: CommandParts & Pick<CommandComponentSpec, 'outputs'>
  /** What a component declares; undefined for a command written in the sweep, which takes the sweep's inputs. */
  declared: DeclaredInputs | undefined
  identity: Identity
}

/** A sweep, as a job or as a node of a pipeline. Its trials are begun while it runs. */
export async function planSweep(context: PlanContext, spec: SweepSpec, place: Place): Promise<PlannedJob> {
  const { at } = place
  checkSweep(spec, at)
  const trial = await loadTrial(context, spec, at)
  const inputs = await planSweepInputs(context, spec, trial, at)
  const outputs = planOutputs(trial.parts.outputs, spec.outputs, place.parentOutputs, at)
  const maxTotal = spec.limits?.max_total_trials ?? DEFAULT_TRIALS
  refuseLongName(spec, maxTotal)
  const command = await planTrial(context, spec, trial, { inputs, outputs }, place)
  warnOfUnused(context, spec, trial, at)
  const described = jobOf(spec, place, spec, command)
  const plan: SweepPlan = {
    kind: 'sweep',
    inputs,
    outputs,
    objective: { goal: spec.objective.goal, metric: spec.objective.primary_metric },
    space: spec.search_space,
    sampling: samplingOf(spec, place.reusable),
    ...(spec.early_termination ? { earlyTermination: spec.early_termination } : {}),
    maxTotal,
    maxConcurrent: Math.min(maxTotal, spec.limits?.max_concurrent_trials ?? context.needs.concurrency),
    ...(spec.limits?.timeout === undefined ? {} : { timeout: spec.limits.timeout }),
    trial: {
      plan: command,
      displayName: spec.display_name ?? spec.name ?? place.step ?? 'trial',
      ...(described.compute === undefined ? {} : { compute: described.compute }),
      spec: { ...trial.parts, type: 'command' },
      params: described.params,
    },
  }
  return { ...described, plan }
}

async function loadTrial(context: PlanContext, { trial }: SweepSpec, at: string): Promise<LoadedTrial> {
  if (typeof trial !== 'string')
    return { parts: trial, declared: 'inputs' in trial && trial.inputs ? trial.inputs : undefined, identity: undefined }
  const { component, identity } = await loadComponent(context, trial, `${at}.trial`)
  if (component.type !== 'command')
    throw new HaganeError('invalid', `${at}.trial: a trial is a command, this component is a ${component.type}`, {
      details: [{ property: `${at}.trial`, message: 'not a command', sent: component.type, allowed: ['command'] }],
      hint: 'name a command component; a pipeline can hold the sweep as one of its steps',
    })
  return { parts: component, declared: component.inputs ?? {}, identity }
}

/** The inputs that all trials share; what the search space gives is each trial's own. */
async function planSweepInputs(
  context: PlanContext,
  spec: SweepSpec,
  { declared, parts }: LoadedTrial,
  at: string,
): Promise<Record<string, InputValue>> {
  const given = withoutKeys(spec.inputs ?? {}, spec.search_space)
  if (declared === undefined) return planOwnInputs({ ...context, at }, given)
  for (const [name, entry] of Object.entries(spec.search_space)) {
    const declaration = Object.hasOwn(declared, name) ? declared[name] : undefined
    for (const text of probesOf(entry))
      checkLimits(`${at}.search_space.${name}`, { kind: 'literal', text }, declaration)
  }
  // a trial written in the sweep may use inputs of the sweep that it does not declare
  const used = new Set(findExpressions(parts.command).map(({ name }) => name))
  const undeclared = Object.entries(given).filter(([name]) => used.has(name) && !Object.hasOwn(declared, name))
  return {
    ...(await planDeclaredInputs(
      { ...context, at },
      withoutKeys(declared, spec.search_space),
      withoutKeys(given, Object.fromEntries(undeclared)),
    )),
    ...(await planOwnInputs({ ...context, at }, Object.fromEntries(undeclared))),
  }
}

/** The command of every trial, but for its point of the search space. */
async function planTrial(
  context: PlanContext,
  spec: SweepSpec,
  { parts, identity }: LoadedTrial,
  { inputs, outputs }: { inputs: Record<string, InputValue>; outputs: Record<string, OutputPlan> },
  place: Place,
): Promise<CommandPlan> {
  const limits = spec.limits?.trial_timeout === undefined ? parts.limits : { timeout: spec.limits.trial_timeout }
  const searched = Object.keys(spec.search_space).map((name): [string, InputValue] => [name, { kind: 'none' }])
  const plan = await planCommand(
    context,
    { ...parts, limits, resources: { ...parts.resources, ...spec.resources } },
    { ...relayed(inputs), ...Object.fromEntries(searched) },
    ownOutputs(outputs),
    {
      at: `${place.at}.trial`,
      reusable: place.reusable,
      rerun: place.rerun === 'forced' ? 'forced' : 'trial',
      ...(place.maxAge === undefined ? {} : { maxAge: place.maxAge }),
      search: spec.search_space,
    },
  )
  return identity === undefined ? plan : { ...plan, component: identity }
}

/** A trial stands below its sweep: what the sweep takes from its surroundings, the trial takes from the sweep. */
const relayed = (inputs: Record<string, InputValue>): Record<string, InputValue> =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      name,
      ['node-output', 'node-input', 'parent-input', 'template'].includes(value.kind)
        ? { kind: 'parent-input', name }
        : value,
    ]),
  )

/** Trials publish and register nothing; the best one's outputs become the sweep's. */
const ownOutputs = (outputs: Record<string, OutputPlan>): Record<string, OutputPlan> =>
  Object.fromEntries(
    Object.entries(outputs).map(([key, { name: _n, version: _v, path: _p, publish: _b, ...rest }]) => [key, rest]),
  )

/** The steps of a pipeline are computed once: a sweep that stands in one draws the same points again while it is unchanged. */
function samplingOf({ sampling_algorithm, search_space, objective }: SweepSpec, reusable: boolean): Sampling {
  const given = typeof sampling_algorithm === 'string' ? { type: sampling_algorithm } : sampling_algorithm
  const seed =
    given.seed === undefined
      ? reusable
        ? createHash('sha256').update(canonicalJson({ search_space, objective })).digest('hex').slice(0, 16)
        : undefined
      : String(given.seed)
  return {
    algorithm: given.type === 'random' && given.rule === 'sobol' ? 'sobol' : given.type,
    ...(seed === undefined ? {} : { seed }),
  }
}

const withoutKeys = <T>(record: Record<string, T>, keys: object): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => !Object.hasOwn(keys, name)))

/** Trials are named after their sweep, `<sweep>_<n>`. */
function refuseLongName({ name }: SweepSpec, trials: number): void {
  const room = LONGEST_NAME - `_${trials}`.length
  if (name !== undefined && name.length > room)
    throw new HaganeError('invalid', `job.name: the name of this sweep may have at most ${room} characters`, {
      details: [{ property: 'job.name', message: 'too long for its trials to be named after it', allowed: room }],
      hint: 'choose a shorter name',
    })
}

/** A parameter that reaches no command makes trials that are all the same. */
function warnOfUnused({ warn }: PlanContext, spec: SweepSpec, { parts, declared }: LoadedTrial, at: string): void {
  const used = new Set(findExpressions(parts.command).map(({ name }) => name))
  for (const name of Object.keys(spec.search_space)) {
    if (used.has(name)) continue
    const why = declared !== undefined && !Object.hasOwn(declared, name) ? ', nor has the component such an input' : ''
    warn(`${at}.search_space.${name}: the trial's command does not use it${why}`)
  }
}
