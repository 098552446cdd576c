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
    const inputs = await planDeclaredInputs({ ...context, at: place.at }, declaredInputs(component), spec.inputs ?? {})
    return planNodes(
      context,
      {
        ...spec,
        jobs: component.jobs,
        outputs: { ...component.outputs, ...spec.outputs },
        settings: { ...component.settings, ...spec.settings },
      },
      inputs,
      { ...place, defaultCompute },
      identity,
    )
  }
  const inputs = await planOwnInputs({ ...context, at: place.at }, spec.inputs ?? {})
  return planNodes(context, { ...spec, jobs: spec.jobs ?? {} }, inputs, { ...place, defaultCompute })
}

type PipelineBody = Pick<
  PipelineJobSpec,
  'outputs' | 'settings' | 'compute' | 'display_name' | 'description' | 'tags' | 'properties'
> & { jobs: Record<string, PipelineNode> }

async function planNodes(
  context: PlanContext,
  body: PipelineBody,
  inputs: Record<string, InputValue>,
  place: Place,
  component?: Identity,
): Promise<PlannedJob> {
  const outputs = planOutputs(undefined, body.outputs, place.parentOutputs, place.at)
  const children: PlannedJob[] = []
  const literal = (name: string): string | undefined => literalOf(own(inputs, name), place.literalOfParent)
  const reuse = reuseOfNodes(body, place)
  for (const [key, node] of Object.entries(body.jobs)) {
    const at = place.at === 'job' ? `jobs.${key}` : `${place.at}.jobs.${key}`
    refuseNodeKey(place.at === 'job' ? 'jobs' : `${place.at}.jobs`, key)
    if (node.type === 'if_else') continue
    countStep(context)
    children.push(
      await planNode(context, node, {
        at,
        step: key,
        parentOutputs: outputs,
        defaultCompute: place.defaultCompute,
        literalOfParent: literal,
        ...reuse,
      }),
    )
  }
  const nodes = withConditions(edgesOf(children, place.at), body.jobs, {
    at: place.at === 'job' ? 'jobs' : `${place.at}.jobs`,
    children,
    literal,
  })
  refuseCircles(nodes, place.at)
  refuseUnknownInputs(children, inputs, place.at)
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
  const inputs = await planDeclaredInputs({ ...context, at: place.at }, declaredInputs(component), node.inputs ?? {})
  if (component.type === 'pipeline') {
    const nested = { ...context, within: nest(context, identity, place.at) }
    return planNodes(
      nested,
      { ...component, outputs: { ...component.outputs, ...node.outputs } },
      inputs,
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

/** The node without what only one with a command of its own may say. */
function asNodeOfComponent(
  node: CommandNode,
): Omit<CommandNode, 'type' | 'command' | 'code' | 'environment' | 'component'> {
  const {
    type: _type,
    command: _command,
    code: _code,
    environment: _environment,
    component: _component,
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
