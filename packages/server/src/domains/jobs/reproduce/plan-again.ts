import { type EnvironmentSpec, HaganeError, type JobInput } from '@hagane/contract'
import { newJobName } from '../../../kernel/ids.ts'
import type { JobNeeds } from '../model/needs.ts'
import type { CommandPlan, InputValue, OutputPlan, Plan, PlannedJob, SweepPlan } from '../model/plan.ts'
import type { JobRow } from '../model/tables.ts'
import { newBudget } from '../planning/budget.ts'
import { literalParams } from '../planning/plan-command.ts'
import { planOwnInputs } from '../planning/plan-inputs.ts'
import { type Recorded, recordedValue, stepsOf } from './recorded.ts'

/** What is to be other than it was. */
export interface Wanted {
  name?: string | undefined
  inputs: Record<string, JobInput>
  environment?: string | EnvironmentSpec | undefined
  fromSources: boolean
}

type Needs = Pick<JobNeeds, 'db' | 'data' | 'models' | 'environments'>

/** The tag of a reproduction and of each of its steps: the job that it computes again. */
export const REPRODUCES = 'hagane.reproduces'

interface Context {
  needs: Needs
  workspace: string
  wanted: Wanted
  environment: Pick<CommandPlan, 'environment' | 'environmentDigest' | 'environmentId'> | undefined
  /** Content that addresses had when the steps read them. */
  pins: Map<string, { tree: string; path: string }>
}

/**
 * Lays out a job again from its record: code, data and locks by digest, parameters and variables as they were, every step computed,
 * the trials of a sweep with the points that they had. What it makes stays with it: nothing is registered, no datastore is written.
 */
export async function planAgain(
  needs: Needs,
  workspace: string,
  record: Recorded,
  wanted: Wanted,
): Promise<PlannedJob> {
  refuseUnknown(record, wanted)
  const environment =
    wanted.environment === undefined ? undefined : await environmentOf(needs, workspace, wanted.environment)
  const context = { needs, workspace, wanted, environment, pins: wanted.fromSources ? new Map() : pinsOf(record) }
  const { step: _step, ...root } = await again(context, record, wanted.name ?? newJobName())
  const plan = { ...root.plan, inputs: await inputsOfRoot(context, record, root.plan.inputs) } as Plan
  return { ...root, plan, params: literalsOf(plan) }
}

async function environmentOf(needs: Needs, workspace: string, environment: string | EnvironmentSpec) {
  const plan = await needs.environments.plan(workspace, environment)
  return {
    environment,
    environmentDigest: plan.definitionDigest,
    ...(plan.id === undefined ? {} : { environmentId: plan.id }),
  }
}

/** Content by the address it was read from; the first reader's, if it changed in between. */
function pinsOf(record: Recorded): Context['pins'] {
  const pins: Context['pins'] = new Map()
  for (const { decided, parts } of stepsOf(record).values())
    for (const [name, uri] of Object.entries(JSON.parse(decided?.sources ?? '{}') as Record<string, string>)) {
      const content = parts?.inputs[name]
      if (typeof content === 'object' && content !== null && !pins.has(uri))
        pins.set(uri, content as { tree: string; path: string })
    }
  return pins
}

async function again(context: Context, record: Recorded, name: string): Promise<PlannedJob> {
  const { row, plan } = record
  const children: PlannedJob[] = []
  // a sweep begins its trials itself, at the same points for the same seed
  for (const child of row.type === 'sweep' ? [] : record.children)
    children.push(await again(context, child, newJobName()))
  return {
    name,
    ...(row.step === null ? {} : { step: row.step }),
    displayName: row.display_name === row.name ? name : row.display_name,
    ...(row.compute === null ? {} : { compute: row.compute }),
    ...(row.description === null ? {} : { description: row.description }),
    tags: { ...(JSON.parse(row.tags) as Record<string, string>), [REPRODUCES]: row.name },
    properties: { ...propertiesOf(row), [REPRODUCES]: row.name },
    spec: JSON.parse(row.spec) as Record<string, unknown>,
    plan: await planOf(context, record, plan),
    params: literalsOf(plan),
    children,
  }
}

/** What was said of that one submission stays with it: the schedule and its time, and warnings. */
function propertiesOf(row: JobRow): Record<string, string> {
  const said = JSON.parse(row.properties) as Record<string, string>
  const { 'hagane.schedule': _by, 'hagane.trigger_time': _at, 'hagane.warnings': _told, ...properties } = said
  return properties
}

async function planOf(context: Context, record: Recorded, plan: Plan): Promise<Plan> {
  const inputs: Record<string, InputValue> = {}
  for (const [name, input] of Object.entries(plan.inputs)) inputs[name] = await inputAgain(context, record, name, input)
  const outputs = Object.fromEntries(Object.entries(plan.outputs).map(([name, output]) => [name, kept(output)]))
  if (plan.kind === 'pipeline') return { ...plan, inputs, outputs }
  if (plan.kind === 'sweep') return sweepAgain(context, record, { ...plan, inputs, outputs })
  return commandAgain(context, { ...plan, inputs, outputs }, record.parts?.environment)
}

function commandAgain(context: Context, plan: CommandPlan, lock: string | undefined): CommandPlan {
  return {
    ...plan,
    ...context.environment,
    reusable: false,
    rerun: 'reproduction',
    ...(context.environment === undefined && lock !== undefined ? { environmentLock: lock } : {}),
  }
}

/** The points of a sweep that names no seed follow from its name; those of Bayesian sampling also from the order of results. */
function sweepAgain(context: Context, { row, children }: Recorded, plan: SweepPlan): SweepPlan {
  const outputs = Object.fromEntries(
    Object.entries(plan.trial.plan.outputs).map(([name, output]) => [name, kept(output)]),
  )
  const lock = children.find(child => child.parts !== undefined)?.parts?.environment
  const trial = { ...plan.trial, plan: commandAgain(context, { ...plan.trial.plan, outputs }, lock) }
  return { ...plan, sampling: { ...plan.sampling, seed: plan.sampling.seed ?? row.name }, trial }
}

/** Addresses become the content that was read from them, or are read again where that is asked for. */
async function inputAgain(context: Context, record: Recorded, name: string, input: InputValue): Promise<InputValue> {
  if (context.wanted.fromSources) return input.kind === 'content' ? refreshed(context, input) : input
  if (input.kind !== 'late') return input
  const own = await recordedValue(context.needs.db, record, name, input)
  const pin = context.pins.get(input.uri)
  return own ?? (pin === undefined ? input : { kind: 'content', ...pin, mode: input.mode, uri: input.uri })
}

async function refreshed({ needs, workspace }: Context, input: InputValue & { kind: 'content' }): Promise<InputValue> {
  if (input.uri.startsWith('hagane://')) return input
  if (input.type?.endsWith('_model')) return input
  const { tree, path } = await needs.data.resolve(workspace, input.uri)
  return { ...input, tree, path }
}

const kept = (output: OutputPlan): OutputPlan => ({ ...output, unpublished: true })

/** A step that is taken out of its pipeline has the values that it had there. */
async function inputsOfRoot(
  context: Context,
  record: Recorded,
  planned: Record<string, InputValue>,
): Promise<Record<string, InputValue>> {
  const values: Record<string, InputValue> = {}
  for (const [name, input] of Object.entries(record.plan.inputs)) {
    const bound = ['parent-input', 'node-output', 'node-input', 'template'].includes(input.kind)
    values[name] = bound ? await unbound(context, record, name, input) : (planned[name] as InputValue)
    const given = context.wanted.inputs[name]
    if (Object.hasOwn(context.wanted.inputs, name)) values[name] = await givenValue(context, name, values[name], given)
  }
  return values
}

async function unbound({ needs }: Context, record: Recorded, name: string, input: InputValue): Promise<InputValue> {
  const value = await recordedValue(needs.db, record, name, input)
  if (value !== undefined) return value
  throw new HaganeError(
    'conflict',
    `job ${record.row.name} never began, so the value of its input '${name}' is not known`,
    {
      hint: `reproduce the whole pipeline: hagane job reproduce ${record.row.root}`,
    },
  )
}

/** A new value takes the type and mode of the one it stands for. */
async function givenValue(
  { needs, workspace }: Context,
  name: string,
  old: InputValue | undefined,
  given: JobInput | undefined,
): Promise<InputValue> {
  const isContent = old?.kind === 'content' || old?.kind === 'late'
  const full: JobInput =
    isContent && typeof given === 'string'
      ? {
          path: given,
          mode: old.mode,
          ...(old.kind === 'content' && old.type !== undefined ? { type: old.type as 'uri_file' } : {}),
        }
      : (given ?? null)
  const values = await planOwnInputs(
    { needs, workspace, at: 'inputs', warn: () => {}, budget: newBudget() },
    { [name]: full },
  )
  return values[name] ?? { kind: 'none' }
}

const literalsOf = (plan: Plan): Record<string, string> => ({
  ...literalParams(plan.inputs),
  ...(plan.kind === 'command' ? plan.search : {}),
})

function refuseUnknown(record: Recorded, { inputs }: Wanted): void {
  const allowed = Object.keys(record.plan.inputs)
  const unknown = Object.keys(inputs).find(name => !allowed.includes(name))
  if (unknown === undefined) return
  throw new HaganeError('invalid', `inputs.${unknown}: job ${record.row.name} has no input of this name`, {
    details: [{ property: `inputs.${unknown}`, message: 'no such input', allowed }],
    hint: allowed.length === 0 ? 'it has no inputs' : `its inputs: ${allowed.join(', ')}`,
  })
}
