import { HaganeError, renderText } from '@hagane/contract'
import type { JobNeeds } from '../model/needs.ts'
import { own } from '../model/own-property.ts'
import type { CommandPlan, InputMode, InputValue, StoredOutput } from '../model/plan.ts'
import type { JobRow } from '../model/tables.ts'
import { childOf, getJob } from '../records/reads.ts'

/** What an input finally is: text, content by digest, or nothing. */
export type Value =
  /** `from`: the address that the text was before the mirror's took its place. */
  | { kind: 'text'; text: string; from?: string }
  | { kind: 'none' }
  | { kind: 'content'; tree: string; path: string; mode: InputMode; from: string }

/** Where bindings are followed to. */
export interface JobLookup {
  job(name: string): Promise<JobRow>
  child(parent: string, step: string): Promise<JobRow | undefined>
  /** Content of an address that is read only now. */
  content(uri: string): Promise<{ tree: string; path: string }>
  artifacts(job: string): Promise<{ tree: string; path: string }>
}

interface Needs extends Pick<JobNeeds, 'memory' | 'data'> {
  look: JobLookup
}

/** Jobs as they are committed, in the workspace of one of them. */
export const committed = (needs: Pick<JobNeeds, 'db' | 'data' | 'tracking'>, workspace: string): JobLookup => ({
  job: name => getJob(needs.db, workspace, name),
  child: (parent, step) => childOf(needs.db, workspace, parent, step),
  content: uri => needs.data.resolve(workspace, uri),
  artifacts: job => needs.tracking.artifactTree(workspace, job, ''),
})

/** Inputs of a step that is about to start: bindings followed through the pipelines above, late content read now. */
export async function resolveInputs(
  needs: Pick<JobNeeds, 'memory' | 'data'>,
  row: JobRow,
  plan: CommandPlan,
  look: JobLookup,
): Promise<Record<string, Value>> {
  const values: Record<string, Value> = {}
  for (const [name, input] of Object.entries(plan.inputs))
    values[name] = await resolveValue({ ...needs, look }, row, input)
  return values
}

async function resolveValue(needs: Needs, row: JobRow, input: InputValue): Promise<Value> {
  switch (input.kind) {
    case 'none':
      return { kind: 'none' }
    case 'literal':
      return textOf(needs, input.text)
    case 'address':
      return textOf(needs, input.uri)
    case 'content':
      return { kind: 'content', tree: input.tree, path: input.path, mode: input.mode, from: input.asset ?? input.uri }
    case 'late': {
      const content = await needs.look.content(input.uri)
      return { kind: 'content', tree: content.tree, path: content.path, mode: input.mode, from: input.uri }
    }
    case 'parent-input':
      return parentInput(needs, row, input.name, input.mode)
    case 'node-output':
      return nodeOutput(needs, row, input.node, input.output, input.mode)
    case 'node-input':
      return nodeInput(needs, row, input.node, input.name, input.mode)
    case 'template':
      return { kind: 'text', text: await rendered(needs, row, input.text) }
  }
}

function textOf({ data }: Needs, text: string): Value {
  const mirrored = data.mirror.addressOf(text)
  return mirrored === undefined ? { kind: 'text', text } : { kind: 'text', text: mirrored, from: text }
}

async function parentInput(needs: Needs, row: JobRow, name: string, mode: InputMode | undefined): Promise<Value> {
  const parent = await needs.look.job(row.parent ?? '')
  return inMode(await inputOf(needs, parent, name), mode)
}

async function nodeInput(
  needs: Needs,
  row: JobRow,
  node: string,
  name: string,
  mode: InputMode | undefined,
): Promise<Value> {
  return inMode(await inputOf(needs, await siblingOf(needs, row, node), name), mode)
}

async function inputOf(needs: Needs, job: JobRow, name: string): Promise<Value> {
  const input = own(needs.memory.plan(job).inputs, name)
  return input === undefined ? { kind: 'none' } : resolveValue(needs, job, input)
}

const inMode = (value: Value, mode: InputMode | undefined): Value =>
  value.kind === 'content' && mode !== undefined ? { ...value, mode } : value

async function siblingOf(needs: Needs, row: JobRow, node: string): Promise<JobRow> {
  const sibling = await needs.look.child(row.parent ?? '', node)
  if (sibling === undefined) throw new HaganeError('not_found', `no step '${node}'`)
  return sibling
}

async function nodeOutput(needs: Needs, row: JobRow, node: string, output: string, mode: InputMode): Promise<Value> {
  const sibling = await siblingOf(needs, row, node)
  const made = own(JSON.parse(sibling.outputs) as Record<string, StoredOutput>, output)
  if (made?.value !== undefined) return { kind: 'text', text: made.value }
  if (made !== undefined)
    return { kind: 'content', tree: made.tree, path: made.path, mode, from: `job:${sibling.name}/${output}` }
  // `artifacts` is the reserved name of a run's artifact root
  if (output !== 'artifacts')
    throw new HaganeError('not_found', `step '${node}' left no output '${output}'`, {
      hint: `outputs of ${node}: ${Object.keys(JSON.parse(sibling.outputs)).join(', ') || 'none'}`,
    })
  const { tree, path } = await needs.look.artifacts(sibling.name)
  return { kind: 'content', tree, path, mode, from: `job:${sibling.name}/artifacts` }
}

async function rendered(needs: Needs, row: JobRow, text: string): Promise<string> {
  const parent = await needs.look.job(row.parent ?? '')
  const texts: Record<string, string> = {}
  for (const [name, input] of Object.entries(needs.memory.plan(parent).inputs)) {
    const value = await resolveValue(needs, parent, input)
    if (value.kind === 'text') texts[name] = value.text
  }
  return renderText(text, expression => (expression.scope === 'parent-input' ? own(texts, expression.name) : undefined))
}
