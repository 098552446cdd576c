import {
  HaganeError,
  type JobInput,
  type ParallelComponentSpec,
  type ParallelNode,
  type ParallelTask,
  wholeExpression,
} from '@hagane/contract'
import { own } from '../model/own-property.ts'
import type { InputValue, OutputPlan, PlannedJob } from '../model/plan.ts'
import { type ParallelParts, parallelCommand } from './parallel-command.ts'
import { jobOf, type Loaded, type Place, type PlanContext, planCommand } from './plan-command.ts'
import { declaredInputs, loadComponent } from './plan-component.ts'
import { planDeclaredInputs, planOwnInputs } from './plan-inputs.ts'
import { planOutputs } from './plan-outputs.ts'

/** A node that takes its task from a component. */
type OfComponent = Omit<ParallelNode, 'task' | 'component'>

/** A parallel step: a command that runs the entry script over the mini-batches of an input. */
export async function planParallel(context: PlanContext, node: ParallelNode, place: Place): Promise<PlannedJob> {
  if (node.component !== undefined) {
    const loaded = await loadComponent(context, node.component, place.at)
    const { component: _component, task: _task, ...said } = node
    return planParallelComponent(context, said, loaded, place)
  }
  const parts = { ...node, task: node.task as ParallelTask }
  const given = asLocalContent(node.inputs ?? {}, parts)
  const inputs = await planOwnInputs({ ...context, at: place.at }, given)
  const outputs = planOutputs(undefined, node.outputs, place.parentOutputs, place.at)
  const types = typesOf(node.inputs ?? {})
  return jobOf(node, place, node, await planTask(context, parts, { inputs, outputs, types }, place))
}

/** The same for a parallel component; what the node says wins. */
export async function planParallelComponent(
  context: PlanContext,
  node: OfComponent,
  { component, identity }: Loaded,
  place: Place,
): Promise<PlannedJob> {
  if (component.type !== 'parallel')
    throw new HaganeError('invalid', `${place.at}.component: a parallel step needs a parallel component`, {
      details: [
        { property: `${place.at}.component`, message: 'another type', sent: component.type, allowed: 'parallel' },
      ],
    })
  const parts = merged(component, node)
  const declared = asLocalContent(declaredInputs(component), parts)
  const given = asLocalContent(node.inputs ?? {}, parts)
  const inputs = await planDeclaredInputs({ ...context, at: place.at }, declared, given)
  const outputs = planOutputs(component.outputs, node.outputs, place.parentOutputs, place.at)
  const types = { ...typesOf(declared), ...typesOf(given) }
  const plan = await planTask(context, parts, { inputs, outputs, types }, place)
  return jobOf(node, place, node, { ...plan, ...(identity === undefined ? {} : { component: identity }) }, component)
}

const merged = (component: ParallelComponentSpec, node: OfComponent): ParallelParts => {
  const { inputs: _inputs, outputs: _outputs, type: _type, ...said } = node
  return {
    ...component,
    ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
    resources: { ...component.resources, ...node.resources },
    retry_settings: { ...component.retry_settings, ...node.retry_settings },
    environment_variables: { ...component.environment_variables, ...node.environment_variables },
  }
}

interface Ports {
  inputs: Record<string, InputValue>
  outputs: Record<string, OutputPlan>
  /** Declared type of each input that has one. */
  types: Readonly<Record<string, string>>
}

async function planTask(context: PlanContext, parts: ParallelParts, ports: Ports, place: Place) {
  const model = await modelInput(context, parts.task, ports, place.at)
  const inputs = { ...ports.inputs, ...model }
  const command = parallelCommand(parts, { ...ports, inputs, model: Object.keys(model)[0] }, place)
  const { code, environment } = parts.task
  const { environment_variables, limits, is_deterministic, reuse } = parts
  return planCommand(
    context,
    { command, code, environment, environment_variables, limits, is_deterministic, reuse },
    inputs,
    ports.outputs,
    place,
  )
}

/** The model of a task that has one is an input like any other, under a name that is free. */
async function modelInput(
  context: PlanContext,
  task: ParallelTask,
  { inputs }: Ports,
  at: string,
): Promise<Record<string, InputValue>> {
  if (task.type !== 'model' || task.model === undefined) return {}
  if (task.environment === undefined)
    throw new HaganeError('invalid', `${at}.task.environment: a task of type model needs an environment`, {
      details: [{ property: `${at}.task.environment`, message: 'required' }],
      hint: 'name one that holds mlflow and what the model needs',
    })
  const name = Object.hasOwn(inputs, 'model') ? 'hagane_model' : 'model'
  const given: Record<string, JobInput> = { [name]: { type: 'mlflow_model', path: task.model } }
  return planOwnInputs({ ...context, at: `${at}.task` }, given)
}

/** An address (`direct`) or the files of a table (`eval_mount`) are made by Azure; here the input that is cut is a folder. */
function asLocalContent<T>(inputs: Record<string, T>, parts: Pick<ParallelParts, 'input_data'>): Record<string, T> {
  const name = parts.input_data === undefined ? undefined : wholeExpression(parts.input_data)?.name
  const input = name === undefined ? undefined : own(inputs, name)
  if (name === undefined || typeof input !== 'object' || input === null || !('mode' in input)) return inputs
  return { ...inputs, [name]: { ...input, mode: 'ro_mount' } }
}

const typesOf = (inputs: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(inputs).flatMap(([name, input]) =>
      typeof input === 'object' && input !== null && 'type' in input && typeof input.type === 'string'
        ? [[name, input.type]]
        : [],
    ),
  )
