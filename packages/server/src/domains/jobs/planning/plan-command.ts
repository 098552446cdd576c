import {
  type CommandJobSpec,
  type ComponentSpec,
  HaganeError,
  parseReference,
  pythonText,
  type RunReason,
  secondsOfDuration,
  wholeExpression,
} from '@hagane/contract'
import { newJobName } from '../../../kernel/ids.ts'
import { datastorePath } from '../model/datastore-path.ts'
import type { JobNeeds } from '../model/needs.ts'
import { own } from '../model/own-property.ts'
import type { CommandPlan, InputValue, OutputPlan, PlannedJob } from '../model/plan.ts'
import type { StepBudget } from './budget.ts'
import { refuseUnknownExpressions, refuseVariableNames } from './names.ts'
import { planDistribution } from './plan-distribution.ts'
import { planOwnInputs } from './plan-inputs.ts'
import { planLoad } from './plan-load.ts'
import { planOutputs } from './plan-outputs.ts'
import { planRetry } from './plan-retry.ts'

export interface PlanContext {
  needs: JobNeeds
  workspace: string
  warn: (message: string) => void
  /** Components on the way here, to refuse a component that holds itself. */
  within: readonly string[]
  budget: StepBudget
  /** What each reference to a component named first in this submission: a label may move meanwhile. */
  components: Map<string, Loaded>
}

export interface Loaded {
  component: ComponentSpec
  identity: { name: string; version: string; digest: string } | undefined
}

/** Where in a submitted job something stands, and what it takes from there. */
export interface Place {
  at: string
  step?: string
  parentOutputs: Record<string, OutputPlan>
  defaultCompute: string | undefined
  reusable: boolean
  /** The text of an input of the pipeline around it, if that is known at submit. */
  literalOfParent?: (name: string) => string | undefined
  /** Why it is not reusable. */
  rerun?: RunReason
  /** What the pipeline says about how long results may be taken again, in seconds. */
  maxAge?: number
}

/** The parts of a command that a job, a node and a component share. */
export type CommandParts = Pick<
  CommandJobSpec,
  | 'command'
  | 'code'
  | 'environment'
  | 'environment_variables'
  | 'resources'
  | 'distribution'
  | 'limits'
  | 'retry_settings'
  | 'is_deterministic'
  | 'reuse'
>

/** A command job, or a node with a command of its own. */
export async function planCommandJob(context: PlanContext, spec: CommandJobSpec, place: Place): Promise<PlannedJob> {
  const inputs = await planOwnInputs({ ...context, at: place.at }, spec.inputs ?? {})
  const outputs = planOutputs(undefined, spec.outputs, place.parentOutputs, place.at)
  return jobOf(spec, place, spec, await planCommand(context, spec, inputs, outputs, place))
}

/** The command itself: code, environment, variables, limits; inputs and outputs are planned by the caller. */
export async function planCommand(
  context: PlanContext,
  spec: CommandParts,
  inputs: Record<string, InputValue>,
  outputs: Record<string, OutputPlan>,
  place: Omit<Place, 'step' | 'parentOutputs' | 'defaultCompute'> & { search?: Readonly<Record<string, unknown>> },
): Promise<CommandPlan> {
  const { needs, workspace } = context
  const distribution = planDistribution(context, spec, { ...place, inputs })
  refuseUnknownExpressions({ command: spec.command, inputs, outputs }, place.search ?? {}, place.at)
  refuseVariableNames(place.at, Object.keys(spec.environment_variables ?? {}))
  await refuseUnreachableOutputs(context, outputs, place.at)
  const environment = spec.environment ?? null
  const environmentPlan = await within(place.at, 'environment', () => needs.environments.plan(workspace, environment))
  needs.memory.noteLock(environmentPlan.definitionDigest, environmentPlan.lockDigest)
  const code =
    spec.code === undefined
      ? undefined
      : await within(place.at, 'code', () => codeOf(needs, workspace, spec.code as string))
  const timeout = secondsOf(spec.limits?.timeout, inputs, `${place.at}.limits.timeout`)
  return {
    kind: 'command',
    command: spec.command,
    ...(code === undefined ? {} : { code }),
    environment,
    environmentDigest: environmentPlan.definitionDigest,
    ...(environmentPlan.id === undefined ? {} : { environmentId: environmentPlan.id }),
    inputs,
    outputs,
    variables: Object.fromEntries(
      Object.entries(spec.environment_variables ?? {}).map(([name, value]) => [
        name,
        value === null ? '' : pythonText(value),
      ]),
    ),
    ...(distribution === undefined ? {} : { distribution }),
    ...(timeout === undefined ? {} : { timeout }),
    ...planRetry(spec),
    ...planLoad(spec, distribution?.instances ?? 1, place.at),
    deterministic: spec.is_deterministic !== false,
    ...reuseOf(spec, place),
  }
}

/** A single job is run each time, as in Azure ML, unless it asks to be reused. */
function reuseOf(
  { reuse }: CommandParts,
  place: Pick<Place, 'reusable' | 'rerun' | 'maxAge'>,
): Pick<CommandPlan, 'reusable' | 'rerun' | 'maxAge'> {
  const reusable = place.reusable || (place.rerun === 'single-job' && reuse !== undefined)
  const maxAge = reuse?.max_age === undefined ? place.maxAge : secondsOfDuration(reuse.max_age)
  return {
    reusable,
    ...(reusable || place.rerun === undefined ? {} : { rerun: place.rerun }),
    ...(maxAge === undefined ? {} : { maxAge }),
  }
}

/** An output that goes to a datastore needs one that exists, and a path inside it. */
async function refuseUnreachableOutputs(
  { needs, workspace }: PlanContext,
  outputs: Record<string, OutputPlan>,
  at: string,
): Promise<void> {
  for (const [name, output] of Object.entries(outputs)) {
    if (output.path === undefined) continue
    await within(at, `outputs.${name}.path`, async () => {
      const place = parseReference(datastorePath(output, 'name') ?? '')
      if (place.form === 'datastore') await needs.data.datastores.check(workspace, place.datastore, place.path)
    })
  }
}

async function codeOf(needs: JobNeeds, workspace: string, code: string): Promise<{ tree: string; path: string }> {
  const form = parseReference(code).form
  if (form !== 'tree')
    throw new HaganeError(form === 'local' ? 'invalid' : 'unsupported', `code '${code}' is not uploaded content`, {
      hint: 'submit with the CLI, which uploads local folders; code from git is not fetched by the server',
    })
  const { tree, path } = await needs.data.resolve(workspace, code)
  return { tree, path }
}

const secondsOf = (
  timeout: string | number | undefined,
  inputs: Record<string, InputValue>,
  property: string,
): number | undefined => {
  if (timeout === undefined) return undefined
  const expression = typeof timeout === 'string' ? wholeExpression(timeout) : undefined
  const bound = expression === undefined ? undefined : own(inputs, expression.name)
  const seconds = Number(bound?.kind === 'literal' ? bound.text : timeout)
  if (!Number.isFinite(seconds) || seconds <= 0)
    throw new HaganeError('invalid', `${property}: '${timeout}' is not a number of seconds above 0`, {
      details: [{ property, message: 'no number of seconds', sent: timeout, allowed: 'a number above 0' }],
      hint: 'write the seconds, as in limits: {timeout: 3600}, or an input that holds them: ${{inputs.<name>}}',
    })
  return seconds
}

/** Prefixes the property to an error of another domain. */
export async function within<T>(at: string, property: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof HaganeError)) throw error
    throw new HaganeError(error.kind, `${at}.${property}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      details: (error.details ?? [{ message: error.message }]).map(detail => ({
        ...detail,
        property: [at, property, detail.property].filter(part => part !== undefined).join('.'),
      })),
    })
  }
}

/** The parts of a job that people read. */
interface Described {
  display_name?: string | undefined
  description?: string | undefined
  compute?: string | undefined
  tags?: Record<string, string> | undefined
  properties?: Record<string, string> | undefined
}

/** A job row in the making, with a name of its own. */
export function jobOf(
  described: Described,
  place: { step?: string; defaultCompute: string | undefined },
  spec: object,
  plan: PlannedJob['plan'],
  component?: Described,
): PlannedJob {
  const name = newJobName()
  const compute = described.compute ?? place.defaultCompute ?? component?.compute
  const description = described.description ?? (place.step === undefined ? component?.description : undefined)
  return {
    name,
    ...(place.step === undefined ? {} : { step: place.step }),
    displayName: described.display_name ?? place.step ?? name,
    ...(compute === undefined ? {} : { compute }),
    ...(description === undefined ? {} : { description }),
    tags: described.tags ?? {},
    properties: described.properties ?? {},
    spec: { ...spec },
    plan,
    params: literalParams(plan.inputs),
    children: [],
  }
}

/** Inputs that are written as values are the parameters of the run. */
export const literalParams = (inputs: Record<string, InputValue>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(inputs).flatMap(([name, value]) => (value.kind === 'literal' ? [[name, value.text]] : [])),
  )
