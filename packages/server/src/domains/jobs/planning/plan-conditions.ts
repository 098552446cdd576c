import { type ConditionNode, HaganeError, type PipelineNode, stepsOfBlock, wholeExpression } from '@hagane/contract'
import { booleanOf } from '../model/output-kind.ts'
import { own } from '../model/own-property.ts'
import type { Guard, PipelinePlan, PlannedJob } from '../model/plan.ts'

type Nodes = PipelinePlan['nodes']

interface Around {
  at: string
  children: readonly PlannedJob[]
  /** The text of an input of the pipeline, if it is known at submit. */
  literal: (name: string) => string | undefined
}

/**
 * The nodes of a pipeline with what its `if_else` nodes say: who stands in a block waits for the step that decides, and runs
 * only if it decides so. Throws invalid on a condition that is no boolean and on a block that names no step.
 */
export function withConditions(nodes: Nodes, jobs: Readonly<Record<string, PipelineNode>>, around: Around): Nodes {
  const guarded = { ...nodes }
  for (const [key, node] of Object.entries(jobs)) {
    if (node.type !== 'if_else') continue
    const at = `${around.at}.${key}`
    const source = sourceOf(node, at, around)
    for (const [when, block] of [
      [true, 'true_block'],
      [false, 'false_block'],
    ] as const)
      for (const step of stepsOfBlock(node[block])) {
        const found = own(guarded, step)
        if (found === undefined) throw noStep(`${at}.${block}`, step, Object.keys(nodes))
        const after = source.kind === 'output' ? [...new Set([...found.after, source.node])] : found.after
        guarded[step] = { after, only: [...(found.only ?? []), { condition: key, when, source }] }
      }
  }
  return guarded
}

function sourceOf({ condition }: ConditionNode, at: string, { children, literal }: Around): Guard['source'] {
  const property = `${at}.condition`
  const expression = typeof condition === 'string' ? wholeExpression(condition) : undefined
  if (expression?.scope === 'job-output') {
    const step = children.find(child => child.step === expression.node)
    const output = step === undefined ? undefined : own(step.plan.outputs, expression.name)
    if (step === undefined || output === undefined) throw noBoolean(property, condition, 'names no output of a step')
    if (output.type !== 'boolean') throw noBoolean(property, condition, `is an output of type ${output.type}`)
    return { kind: 'output', node: expression.node ?? '', output: expression.name }
  }
  const text = expression?.scope === 'parent-input' ? literal(expression.name) : String(condition)
  const value = booleanOf(text ?? '')
  if (value === undefined)
    throw noBoolean(property, condition, text === undefined ? 'has no value at submit' : `is '${text}'`)
  return { kind: 'literal', value }
}

const noBoolean = (property: string, sent: unknown, is: string): HaganeError =>
  new HaganeError('invalid', `${property}: '${sent}' ${is}, not a boolean`, {
    details: [{ property, message: 'not a boolean', sent, allowed: 'true, false, or an output of type boolean' }],
    hint: 'declare the output {type: boolean, is_control: true} and write True or False to its path',
  })

const noStep = (property: string, sent: string, allowed: string[]): HaganeError =>
  new HaganeError('invalid', `${property}: '${sent}' names no step of this pipeline`, {
    details: [{ property, message: 'names no step', sent, allowed }],
    hint: 'write ${{parent.jobs.<step>}}; a condition inside a condition goes into a pipeline component',
  })
