import type { JobInput, PipelineNode } from '@hagane/contract'
import { own } from '../model/own-property.ts'
import type { InputValue, PlannedJob } from '../model/plan.ts'
import { judgeType, typeOf } from './input-types.ts'
import type { PlanContext } from './plan-command.ts'
import { declaredInputs, loadComponent } from './plan-component.ts'
import { checkLimits, type DeclaredInputs } from './plan-inputs.ts'

type Types = Readonly<Record<string, string | undefined>>
type Given = Readonly<Record<string, JobInput>> | null | undefined

/** A step with what is known of the types of its inputs. */
export interface TypedStep {
  readonly planned: PlannedJob
  readonly declared: DeclaredInputs
  readonly types: Types
}

/** Types of inputs: what is given says more than what a component declares. */
export function typesOf(declared: DeclaredInputs, given: Given): Types {
  const names = new Set([...Object.keys(declared), ...Object.keys(given ?? {})])
  return Object.fromEntries(
    [...names].map(name => {
      const said = own(given, name)
      const spec = own(declared, name)
      return [name, (typeof said === 'object' || !spec ? typeOf(said) : undefined) ?? spec?.type]
    }),
  )
}

/** The inputs that a node's component or trial declares; a command of its own declares none. */
export async function declaredOf(context: PlanContext, node: PipelineNode, at: string): Promise<DeclaredInputs> {
  if (node.type === 'if_else') return {}
  const component = node.type === 'sweep' ? node.trial : node.component
  if (component === undefined) return {}
  if (typeof component !== 'string') return ('inputs' in component && component.inputs) || {}
  return declaredInputs((await loadComponent(context, component, at)).component)
}

interface Around {
  /** The property of the steps: `jobs`. */
  at: string
  inputs: Record<string, InputValue>
  types: Types
  warn: (message: string) => void
}

/** Looks at what is wired to the inputs of a pipeline's steps: its type, and where the value is known its limits. */
export function judgeWires(steps: readonly TypedStep[], { at, inputs, types, warn }: Around): void {
  const siblings = Object.fromEntries(steps.map(step => [step.planned.step ?? step.planned.name, step]))
  for (const [key, step] of Object.entries(siblings))
    for (const [name, value] of Object.entries(step.planned.plan.inputs)) {
      const property = `${at}.${key}.inputs.${name}`
      judgeType(property, own(step.types, name), wiredType(value, siblings, types), warn)
      const source = value.kind === 'parent-input' ? own(inputs, value.name) : undefined
      if (source !== undefined) checkLimits(property, source, own(step.declared, name))
    }
}

function wiredType(value: InputValue, siblings: Record<string, TypedStep>, types: Types): string | undefined {
  if (value.kind === 'parent-input') return own(types, value.name)
  const sibling = value.kind === 'node-output' || value.kind === 'node-input' ? own(siblings, value.node) : undefined
  if (value.kind === 'node-output') return own(sibling?.planned.plan.outputs, value.output)?.type
  return value.kind === 'node-input' ? own(sibling?.types, value.name) : undefined
}
