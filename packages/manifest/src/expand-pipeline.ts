import { HaganeError } from '@hagane/contract'
import { bindComponent } from './bindings.ts'
import { expandCommandBody, expandCommandComponent, expandShared } from './expand-command.ts'
import { expandParallelBody, expandParallelComponent } from './expand-parallel.ts'
import { expandSweep } from './expand-sweep.ts'
import type { Loading } from './loading.ts'
import { isYamlPath } from './local-path.ts'
import { diagnosticText } from './problems.ts'
import { refuseService } from './refuse-service.ts'
import { type Cursor, mapAt, own, propertyName } from './tree.ts'

/** Kinds of job that do not stand everywhere where Azure ML has them. */
const unsupportedTypes: readonly string[] = ['sweep', 'parallel', 'do_while', 'parallel_for']

/** Refuses with `unsupported` a type that Azure ML has and Hagane has not, unless it is one of `allowed`. */
export function refuseUnsupported(
  loading: Loading,
  cursor: Cursor,
  allowed: readonly string[],
  as: 'job' | 'component' = 'job',
): void {
  refuseService(loading, cursor, as)
  const type = own(cursor.map, 'type')
  if (typeof type !== 'string' || !unsupportedTypes.includes(type) || allowed.includes(type)) return
  const hint = `supported: ${allowed.join(', ')}`
  const detail = {
    property: propertyName([...cursor.pointer, 'type']),
    message: `'${type}' is not supported here`,
    sent: type,
    allowed,
    hint,
    ...loading.origins.place(cursor.map, 'type'),
  }
  throw new HaganeError('unsupported', diagnosticText(detail), { hint, details: [detail] })
}

/** A pipeline component is told by its nodes when it gives no type. */
export function fillComponentType(cursor: Cursor): void {
  cursor.map.type ??= own(cursor.map, 'jobs') === undefined ? 'command' : 'pipeline'
}

/** A component specification, command or pipeline. */
export async function expandComponent(loading: Loading, cursor: Cursor): Promise<void> {
  refuseUnsupported(loading, cursor, ['command', 'pipeline', 'parallel'], 'component')
  fillComponentType(cursor)
  const type = own(cursor.map, 'type')
  if (type === 'pipeline') await expandPipelineBody(loading, cursor)
  else if (type === 'parallel') await expandParallelComponent(loading, cursor)
  else await expandCommandComponent(loading, cursor)
}

/** The `component` of a node or job: a YAML file is read in its place and a reference stays. Inputs must fit it. */
export async function expandComponentOf(loading: Loading, owner: Cursor): Promise<void> {
  const component = await expandUnbound(loading, owner)
  if (component !== undefined) bindComponent(loading, owner, component.map)
}

/** The same where inputs come later; the component, if it is written out. */
export async function expandUnbound(loading: Loading, owner: Cursor): Promise<Cursor | undefined> {
  const value = own(owner.map, 'component')
  const component =
    typeof value === 'string' && isYamlPath(value)
      ? await loading.inlineYaml(owner, 'component')
      : mapAt(owner, 'component')
  if (component !== undefined) await expandComponent(loading, component)
  return component
}

function fillNodeType(loading: Loading, node: Cursor): void {
  const component = mapAt(node, 'component')
  const actual = component === undefined ? undefined : own(component.map, 'type')
  const given = own(node.map, 'type')
  if (typeof actual === 'string' && typeof given === 'string' && actual !== given) {
    loading.warn(node, 'type', `the component is of type ${actual}, not ${given}`)
    node.map.type = actual
  }
  node.map.type ??= actual ?? (own(node.map, 'command') === undefined ? undefined : 'command')
  if (node.map.type === undefined) delete node.map.type
}

async function expandNode(loading: Loading, node: Cursor): Promise<void> {
  refuseUnsupported(loading, node, ['command', 'pipeline', 'parallel', 'sweep', 'if_else'])
  if (own(node.map, 'type') === 'sweep') {
    await expandShared(loading, node)
    return expandSweep(loading, node)
  }
  if (own(node.map, 'type') === 'if_else') return
  await expandComponentOf(loading, node)
  fillNodeType(loading, node)
  await expandShared(loading, node)
  if (own(node.map, 'type') === 'parallel') await expandParallelBody(loading, node)
  else await expandCommandBody(loading, node)
}

/** Inputs, outputs and nodes of a pipeline job or pipeline component. */
export async function expandPipelineBody(loading: Loading, cursor: Cursor): Promise<void> {
  const jobs = mapAt(cursor, 'jobs')
  for (const name of Object.keys(jobs?.map ?? {})) {
    const node = jobs === undefined ? undefined : mapAt(jobs, name)
    if (node !== undefined) await expandNode(loading, node)
  }
  await expandShared(loading, cursor)
}
