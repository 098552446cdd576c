import { didYouMean, type Expression, findExpressions, type PipelineNode } from '@hagane/contract'
import { checkClosed, isKnown, keysOf } from './command-check.ts'
import type { Loading } from './loading.ts'
import { type Cursor, mapAt } from './tree.ts'

export interface PipelineBody {
  readonly inputs?: object | null
  readonly outputs?: object | null
  readonly jobs: Readonly<Record<string, PipelineNode>>
}

/** Fields of a node that may hold bindings. Commands have scopes of their own. */
const bindingFields = [
  'inputs',
  'outputs',
  'condition',
  'compute',
  'environment_variables',
  'resources',
  'distribution',
  'limits',
] as const

interface Found {
  readonly cursor: Cursor
  readonly key: string
  readonly expression: Expression
}

/** Every expression below a key, all of them closed, with the map and key that hold its text. */
function expressionsBelow(loading: Loading, cursor: Cursor, key: string): Found[] {
  const value = cursor.map[key]
  if (typeof value === 'string') {
    checkClosed(loading, cursor, key, value)
    return findExpressions(value).map(expression => ({ cursor, key, expression }))
  }
  const child = mapAt(cursor, key)
  return child === undefined ? [] : Object.keys(child.map).flatMap(inner => expressionsBelow(loading, child, inner))
}

type DeclaredNames = { readonly [key in 'inputs' | 'outputs']?: object | null }

/** Names of the inputs or outputs of a node; undefined when only the server knows them, for a registered component. */
function namesOf(node: PipelineNode, key: 'inputs' | 'outputs'): string[] | undefined {
  if (node.type === 'if_else') return []
  // the trial of a sweep declares for its node what a component declares for others
  const component = node.type === 'sweep' ? node.trial : node.component
  if (typeof component === 'string') return undefined
  const declared = component !== undefined && key in component ? (component as DeclaredNames)[key] : undefined
  return [...keysOf(node[key]), ...keysOf(declared)]
}

function refuseName(loading: Loading, found: Found, what: string, names: readonly string[]): void {
  const { text, name } = found.expression
  loading.wrong(found.cursor, found.key, `${text} names no ${what}${didYouMean(name, names)}`, {
    sent: text,
    allowed: [...new Set(names)],
    hint: `use one of the names that exist, or declare '${name}'`,
  })
}

function checkJobReference(loading: Loading, found: Found, pipeline: PipelineBody): string | undefined {
  const { node: name = '', text, scope } = found.expression
  const node = Object.hasOwn(pipeline.jobs, name) ? pipeline.jobs[name] : undefined
  if (node === undefined) {
    const nodes = Object.keys(pipeline.jobs)
    loading.wrong(found.cursor, found.key, `${text} names no step of this pipeline${didYouMean(name, nodes)}`, {
      sent: text,
      allowed: nodes,
      hint: 'use the key of a step under jobs',
    })
    return undefined
  }
  const names = namesOf(node, scope === 'job-output' ? 'outputs' : 'inputs')
  const known = scope === 'job-output' ? [...(names ?? []), 'artifacts'] : (names ?? [])
  if (names !== undefined && !isKnown(found.expression.name, known)) {
    refuseName(loading, found, `${scope === 'job-output' ? 'output' : 'input'} of step '${name}'`, known)
  }
  return name
}

/** Checks one binding; answers the node that has to come first, if any. */
function checkBinding(loading: Loading, found: Found, pipeline: PipelineBody): string | undefined {
  const { scope, name, text } = found.expression
  if (scope === 'job-output' || scope === 'job-input') return checkJobReference(loading, found, pipeline)
  if (scope === 'parent-input' || scope === 'parent-output') {
    const names = keysOf(scope === 'parent-input' ? pipeline.inputs : pipeline.outputs)
    if (!isKnown(name, names))
      refuseName(loading, found, `${scope === 'parent-input' ? 'input' : 'output'} of the pipeline`, names)
  }
  const unknown = scope === 'other' && !name.startsWith('creation_context.')
  if (scope === 'input' || scope === 'output' || scope === 'search-space' || unknown) {
    loading.wrong(found.cursor, found.key, `${text} cannot stand here`, {
      sent: text,
      allowed: ['${{parent.inputs.<name>}}', '${{parent.outputs.<name>}}', '${{parent.jobs.<step>.outputs.<name>}}'],
      hint: unknown
        ? 'name one input or output'
        : `write \${{parent.${scope === 'output' ? 'outputs' : 'inputs'}.${name}}}`,
    })
  }
  return undefined
}

/** One loop among `before` (step → steps it waits for), in the order of the data, or undefined. */
export function findLoop(before: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const waiting = new Map([...before].map(([name, names]) => [name, new Set(names)]))
  const after = new Map<string, string[]>()
  for (const [name, names] of before) for (const first of names) after.set(first, [...(after.get(first) ?? []), name])
  const ready = [...waiting].filter(([, names]) => names.size === 0).map(([name]) => name)
  for (let name = ready.pop(); name !== undefined; name = ready.pop()) {
    waiting.delete(name)
    for (const next of after.get(name) ?? []) {
      const names = waiting.get(next)
      names?.delete(name)
      if (names?.size === 0) ready.push(next)
    }
  }
  const seen = new Set<string>()
  let at = waiting.keys().next().value
  while (at !== undefined && !seen.has(at)) {
    seen.add(at)
    at = waiting.get(at)?.values().next().value
  }
  if (at === undefined) return undefined
  const path = [...seen]
  return [...path.slice(path.indexOf(at)), at].reverse()
}

/** Every binding of a pipeline names something that exists, and no steps wait for each other. */
export function checkEdges(loading: Loading, cursor: Cursor, pipeline: PipelineBody): void {
  const jobs = mapAt(cursor, 'jobs')
  if (jobs === undefined) return
  const before = new Map<string, Set<string>>()
  for (const name of Object.keys(pipeline.jobs)) {
    const node = mapAt(jobs, name)
    const found = node === undefined ? [] : bindingFields.flatMap(field => expressionsBelow(loading, node, field))
    const firsts = found.map(one => checkBinding(loading, one, pipeline)).filter(first => first !== undefined)
    before.set(name, new Set(firsts))
  }
  const loop = findLoop(before)
  if (loop === undefined) return
  loading.wrong(jobs, loop[0] ?? '', `the steps wait for each other: ${loop.join(' → ')}`, {
    sent: loop,
    hint: 'remove one of these bindings',
  })
}
