import { findExpressions, HaganeError } from '@hagane/contract'
import { own } from '../model/own-property.ts'
import type { InputValue, PipelinePlan, PlannedJob } from '../model/plan.ts'

const prefixOf = (at: string): string => (at === 'job' ? 'jobs' : `${at}.jobs`)

/** Which steps each step waits for. Throws invalid on a binding to a step, or to one of its inputs or outputs, that does not exist. */
export function edgesOf(children: readonly PlannedJob[], at: string): PipelinePlan['nodes'] {
  const siblings = Object.fromEntries(children.map(child => [child.step ?? child.name, child]))
  const edges = Object.entries(siblings).map(([key, child]): [string, { after: string[] }] => {
    const makers = Object.entries(child.plan.inputs).flatMap(([name, value]) =>
      makersOf(value, siblings, `${prefixOf(at)}.${key}.inputs.${name}`),
    )
    return [key, { after: [...new Set(makers)] }]
  })
  return Object.fromEntries(edges)
}

/** The step that makes a value, if one does; an input of a sibling is followed to where it comes from. */
function makersOf(
  value: InputValue,
  siblings: Record<string, PlannedJob>,
  property: string,
  followed: readonly string[] = [],
): string[] {
  if (value.kind !== 'node-output' && value.kind !== 'node-input') return []
  const sibling = own(siblings, value.node)
  if (sibling === undefined) throw unknownName(property, 'step of this pipeline', value.node, Object.keys(siblings))
  const { inputs, outputs } = sibling.plan
  if (value.kind === 'node-output') {
    // `artifacts` is the reserved name of what a run logged
    if (value.output !== 'artifacts' && !Object.hasOwn(outputs, value.output))
      throw unknownName(property, `output of step '${value.node}'`, value.output, Object.keys(outputs))
    return [value.node]
  }
  const source = own(inputs, value.name)
  if (source === undefined)
    throw unknownName(property, `input of step '${value.node}'`, value.name, Object.keys(inputs))
  const link = `${value.node}.inputs.${value.name}`
  if (followed.includes(link))
    throw new HaganeError('invalid', `${property}: these inputs take their value from each other`, {
      details: [{ property, message: 'a circle', sent: [...followed, link].join(' → ') }],
      hint: 'give one of them a value',
    })
  return makersOf(source, siblings, property, [...followed, link])
}

function unknownName(property: string, what: string, sent: string, allowed: string[]): HaganeError {
  return new HaganeError('invalid', `${property}: '${sent}' names no ${what}`, {
    details: [{ property, message: `names no ${what}`, sent, allowed }],
    hint: allowed.length === 0 ? 'declare it, or remove the binding' : `there is: ${allowed.join(', ')}`,
  })
}

/** Throws invalid on steps that wait for each other in a circle. */
export function refuseCircles(nodes: PipelinePlan['nodes'], at: string): void {
  const prefix = prefixOf(at)
  const cycle = findCycle(nodes)
  if (cycle !== undefined)
    throw new HaganeError('invalid', `${prefix}: the steps wait for each other in a circle: ${cycle.join(' → ')}`, {
      hint: 'remove one of these bindings',
    })
}

/** A cycle among the nodes, its first node repeated at the end; undefined when there is none. */
export function findCycle(nodes: Record<string, { after: readonly string[] }>): string[] | undefined {
  const left = new Map(Object.entries(nodes).map(([key, node]) => [key, new Set(node.after)]))
  const free = [...left].filter(([, after]) => after.size === 0).map(([key]) => key)
  const dependents = new Map<string, string[]>()
  for (const [key, { after }] of Object.entries(nodes))
    for (const before of after) dependents.set(before, [...(dependents.get(before) ?? []), key])
  for (let key = free.pop(); key !== undefined; key = free.pop()) {
    left.delete(key)
    for (const next of dependents.get(key) ?? []) {
      const waiting = left.get(next)
      waiting?.delete(key)
      if (waiting?.size === 0) free.push(next)
    }
  }
  return walkCycle(left)
}

/** What is left after taking away every node that can run waits in circles: following any of it leads into one. */
function walkCycle(left: Map<string, Set<string>>): string[] | undefined {
  const path: string[] = []
  let key = left.keys().next().value
  while (key !== undefined && !path.includes(key)) {
    path.push(key)
    key = [...(left.get(key) ?? [])].find(before => left.has(before))
  }
  return key === undefined ? undefined : [...path.slice(path.indexOf(key)), key]
}

/** Throws invalid when a step names an input that its pipeline does not have. */
export function refuseUnknownInputs(children: PlannedJob[], inputs: Record<string, InputValue>, at: string): void {
  for (const child of children) {
    for (const [name, value] of Object.entries(child.plan.inputs)) {
      const unknown = parentInputsOf(value).find(wanted => !Object.hasOwn(inputs, wanted))
      if (unknown === undefined) continue
      const property = `${prefixOf(at)}.${child.step}.inputs.${name}`
      throw new HaganeError('invalid', `${property}: the pipeline has no input '${unknown}'`, {
        details: [
          {
            property,
            message: 'names an input that does not exist',
            sent: `\${{parent.inputs.${unknown}}}`,
            allowed: Object.keys(inputs),
          },
        ],
        hint: `declare ${unknown} under the inputs of the pipeline, or correct the name`,
      })
    }
  }
}

function parentInputsOf(value: InputValue): string[] {
  if (value.kind === 'parent-input') return [value.name]
  if (value.kind !== 'template') return []
  return findExpressions(value.text).flatMap(({ scope, name }) => (scope === 'parent-input' ? [name] : []))
}

/** Throws invalid on a binding in a job that stands in no pipeline. */
export function refuseBindings(inputs: Record<string, InputValue>): void {
  for (const [name, value] of Object.entries(inputs))
    if (['parent-input', 'node-output', 'node-input', 'template'].includes(value.kind))
      throw new HaganeError('invalid', `job.inputs.${name}: \${{parent.…}} stands only in the steps of a pipeline`, {
        details: [{ property: `job.inputs.${name}`, message: 'there is no parent to take it from' }],
        hint: 'give the value itself',
      })
}
