import {
  type CommandComponentSpec,
  type CommandNode,
  type ConditionNode,
  HaganeError,
  type PipelineJobSpec,
  type PipelineNode,
  secondsOfDuration,
} from '@hagane/contract'
import { own } from '../model/own-property.ts'
import type { InputValue, PipelinePlan, PlannedJob } from '../model/plan.ts'
import { countStep } from './budget.ts'
import { edgesOf, refuseCircles, refuseUnknownInputs } from './edges.ts'
import { gather } from './gather.ts'
import { declaredOf, judgeWires, type TypedStep, typesOf } from './judge-wires.ts'
import { refuseNodeKey } from './names.ts'
import { type CommandParts, jobOf, type Place, type PlanContext, planCommand, planCommandJob } from './plan-command.ts'
import { declaredInputs, type Identity, loadComponent } from './plan-component.ts'
import { withConditions } from './plan-conditions.ts'
import { literalOf } from './plan-distribution.ts'
import { planDeclaredInputs, planOwnInputs } from './plan-inputs.ts'
import { planOutputs } from './plan-outputs.ts'
import { planParallel, planParallelComponent } from './plan-parallel.ts'
import { planSweep } from './plan-sweep.ts'

const MAX_DEPTH = 20

/** A pipeline job: its own nodes, or those of a pipeline component. */
export async function planPipelineJob(context: PlanContext, spec: PipelineJobSpec, place: Place): Promise<PlannedJob> {
  const defaultCompute = spec.compute ?? spec.settings?.default_compute
  if (spec.component !== undefined) {
    const { component, identity } = await loadComponent(context, spec.component, place.at)
    if (component.type !== 'pipeline')
      throw new HaganeError(
        'invalid',
        `${place.at}.component: a pipeline job needs a pipeline component, this one is a ${component.type}`,
      )
    const declared = declaredInputs(component)
    const inputs = await planDeclaredInputs({ ...context, at: place.at }, declared, spec.inputs ?? {})
    return planNodes(
      context,
      {
        ...spec,
        jobs: component.jobs,
        outputs: { ...component.outputs, ...spec.outputs },
        settings: { ...component.settings, ...spec.settings },
      },
      { inputs, types: typesOf(declared, spec.inputs) },
      { ...place, defaultCompute },
      identity,
    )
  }
  const inputs = await planOwnInputs({ ...context, at: place.at }, spec.inputs ?? {})
  const types = typesOf({}, spec.inputs)
  return planNodes(context, { ...spec, jobs: spec.jobs ?? {} }, { inputs, types }, { ...place, defaultCompute })
}

type PipelineBody = Pick<
  PipelineJobSpec,
  'outputs' | 'settings' | 'compute' | 'display_name' | 'description' | 'tags' | 'properties'
> & { jobs: Record<string, PipelineNode> }

async function planNodes(
  context: PlanContext,
  body: PipelineBody,
  { inputs, types }: { inputs: Record<string, InputValue>; types: ReturnType<typeof typesOf> },
  place: Place,
  component?: Identity,
): Promise<PlannedJob> {
  const outputs = planOutputs(undefined, body.outputs, place.parentOutputs, place.at)
  const literal = (name: string): string | undefined => literalOf(own(inputs, name), place.literalOfParent)
  const below = { parentOutputs: outputs, literalOfParent: literal, ...reuseOfNodes(body, place) }
  const at = place.at === 'job' ? 'jobs' : `${place.at}.jobs`
  const steps = await planSteps(context, body.jobs, { ...below, at, defaultCompute: place.defaultCompute })
  const children = steps.map(({ planned }) => planned)
  const nodes = withConditions(edgesOf(children, place.at), body.jobs, { at, children, literal })
  refuseCircles(nodes, place.at)
  refuseUnknownInputs(children, inputs, place.at)
  judgeWires(steps, { at, inputs, types, warn: context.warn })
  const plan: PipelinePlan = {
    kind: 'pipeline',
    inputs,
    outputs,
    nodes,
    ...(Object.values(nodes).some(({ only }) => only !== undefined) ? { conditional: true as const } : {}),
    continueOnStepFailure: body.settings?.continue_on_step_failure === true,
    ...(component === undefined ? {} : { component }),
  }
  return { ...jobOf(body, place, body, plan), children }
}

/** Plans every step; what is wrong with one does not hide what is wrong with the others. `at` is the property of them all. */
async function planSteps(
  context: PlanContext,
  jobs: Readonly<Record<string, PipelineNode>>,
  place: Place,
): Promise<TypedStep[]> {
  const steps = Object.entries(jobs).flatMap(([key, node]) => {
    if (node.type === 'if_else') return []
    return async (): Promise<TypedStep> => {
      refuseNodeKey(place.at, key)
      countStep(context)
      const at = `${place.at}.${key}`
      const planned = await planNode(context, node, { ...place, at, step: key })
      const declared = await declaredOf(context, node, at)
      return { planned, declared, types: typesOf(declared, node.inputs) }
    }
  })
  return gather(context.budget, steps)
}

/** What a pipeline says of the reuse of its steps: not when it is forced, and not for ever when it names an age. */
function reuseOfNodes({ settings }: PipelineBody, place: Place): Pick<Place, 'reusable' | 'rerun' | 'maxAge'> {
  const forced = String(settings?.force_rerun ?? 'false').toLowerCase() === 'true'
  const reusable = !forced && (place.step === undefined || place.reusable)
  const age = settings?.reuse?.max_age
  const maxAge = age === undefined ? place.maxAge : secondsOfDuration(age)
  return {
    reusable,
    ...(reusable ? {} : { rerun: 'forced' }),
    ...(maxAge === undefined ? {} : { maxAge }),
  }
}

async function planNode(
  context: PlanContext,
  node: Exclude<PipelineNode, ConditionNode>,
  place: Place,
): Promise<PlannedJob> {
  if (node.type === 'sweep') return planSweep(context, node, place)
  if (node.type === 'parallel') return planParallel(context, node, place)
  if (node.component === undefined) {
    if (node.command === undefined)
      throw new HaganeError('invalid', `${place.at}: a node has either a command or a component`)
    return planCommandJob(context, { ...node, type: 'command', command: node.command }, place)
  }
  const { component, identity } = await loadComponent(context, node.component, place.at)
  const declared = declaredInputs(component)
  const inputs = await planDeclaredInputs({ ...context, at: place.at }, declared, node.inputs ?? {})
  refuseRetryOf(node, component.type, place.at)
  if (component.type === 'pipeline') {
    const nested = { ...context, within: nest(context, identity, place.at) }
    return planNodes(
      nested,
      { ...component, outputs: { ...component.outputs, ...node.outputs } },
      { inputs, types: typesOf(declared, node.inputs) },
      place,
      identity,
    )
  }
  if (component.type === 'parallel')
    return planParallelComponent(
      context,
      { ...asNodeOfComponent(node), type: 'parallel' },
      { component, identity },
      place,
    )
  const outputs = planOutputs(component.outputs, node.outputs, place.parentOutputs, place.at)
  const plan = await planCommand(context, merged(component, node), inputs, outputs, place)
  return jobOf(node, place, node, { ...plan, ...(identity === undefined ? {} : { component: identity }) }, component)
}

/** A command is run again, not a whole pipeline; the mini-batches of a parallel component have settings of their own. */
function refuseRetryOf(node: CommandNode, type: string, at: string): void {
  if (node.retry_settings === undefined || type === 'command') return
  const property = `${at}.retry_settings`
  throw new HaganeError('invalid', `${property}: its component is of type ${type}, and only a command is run again`, {
    details: [{ property, message: 'only of a command', sent: node.retry_settings }],
    hint:
      type === 'parallel'
        ? 'write type: parallel on this node, whose retry_settings are those of mini-batches'
        : 'write it on the command steps inside of it',
  })
}

/** The node without what only one with a command of its own may say. */
function asNodeOfComponent(
  node: CommandNode,
): Omit<CommandNode, 'type' | 'command' | 'code' | 'environment' | 'component' | 'retry_settings'> {
  const {
    type: _type,
    command: _command,
    code: _code,
    environment: _environment,
    component: _component,
    retry_settings: _retry,
    ...rest
  } = node
  return rest
}

/** What the node says of resources, limits and variables wins over its component. */
const merged = (component: CommandComponentSpec, node: CommandNode): CommandParts => ({
  ...component,
  reuse: node.reuse ?? component.reuse,
  is_deterministic: node.is_deterministic ?? component.is_deterministic,
  resources: { ...component.resources, ...node.resources },
  distribution: node.distribution ?? component.distribution,
  limits: node.limits ?? component.limits,
  retry_settings: node.retry_settings ?? component.retry_settings,
  environment_variables: { ...component.environment_variables, ...node.environment_variables },
})

function nest(context: PlanContext, identity: Identity, at: string): readonly string[] {
  const name = identity === undefined ? `inline at ${at}` : `${identity.name}:${identity.version}`
  if (context.within.includes(name) || context.within.length >= MAX_DEPTH)
    throw new HaganeError(
      'invalid',
      `${at}.component: pipeline components are nested in a circle or more than ${MAX_DEPTH} deep: ${[...context.within, name].join(' → ')}`,
    )
  return [...context.within, name]
}
