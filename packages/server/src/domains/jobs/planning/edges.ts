import { HaganeError, type JobInput, type PipelineNode, wholeExpression } from '@hagane/contract'
import type { InputValue, PipelinePlan, PlannedJob } from '../model/plan.ts'

/** The nodes whose outputs a node's inputs name. */
export function edgesOf(node: PipelineNode): string[] {
  const texts = Object.values(node.inputs ?? {}).flatMap((input: JobInput) =>
    typeof input === 'string'
      ? [input]
      : typeof input === 'object' && input !== null && input.path !== undefined
        ? [input.path]
        : [],
  )
  return [...new Set(texts.flatMap(text => wholeExpression(text)?.node ?? []))]
}

/** Throws invalid on an edge to a node that does not exist, and on a circle. */
export function refuseBrokenEdges(nodes: PipelinePlan['nodes'], at: string): void {
  const prefix = at === 'job' ? 'jobs' : `${at}.jobs`
  for (const [key, { after }] of Object.entries(nodes)) {
    const unknown = after.find(before => !(before in nodes))
    if (unknown !== undefined)
      throw new HaganeError('invalid', `${prefix}.${key}: there is no node '${unknown}'`, {
        details: [
          {
            property: `${prefix}.${key}.inputs`,
            message: 'names a node that does not exist',
            sent: unknown,
            allowed: Object.keys(nodes),
          },
        ],
      })
  }
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
      if (value.kind !== 'parent-input' || value.name in inputs) continue
      const property = `${at === 'job' ? '' : `${at}.`}jobs.${child.step}.inputs.${name}`
      throw new HaganeError('invalid', `${property}: the pipeline has no input '${value.name}'`, {
        details: [
          {
            property,
            message: 'names an input that does not exist',
            sent: `\${{parent.inputs.${value.name}}}`,
            allowed: Object.keys(inputs),
          },
        ],
      })
    }
  }
}
