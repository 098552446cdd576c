import { join, relative, sep } from 'node:path'
import { HaganeError } from '@hagane/contract'
import { filesOfTable } from '@hagane/tabular'
import type { BlobStore } from '../../../kernel/blobs/index.ts'
import type { InputMode } from '../model/plan.ts'
import type { Value } from './values.ts'

export const isEvaluated = (mode: InputMode): boolean => mode === 'eval_mount' || mode === 'eval_download'

/**
 * Inputs in the modes `eval_mount` and `eval_download` become folders of the files that their MLTable names, under the same
 * relative names; the MLTable itself is not among them. Throws invalid when there is no table, or it cannot be followed.
 */
export async function evaluatedTables(
  blobs: BlobStore,
  values: Readonly<Record<string, Value>>,
): Promise<Record<string, Value>> {
  const evaluated: Record<string, Value> = {}
  for (const [name, value] of Object.entries(values))
    evaluated[name] =
      value.kind === 'content' && isEvaluated(value.mode) ? await evaluatedTable(blobs, name, value) : value
  return evaluated
}

async function evaluatedTable(blobs: BlobStore, name: string, value: Value & { kind: 'content' }): Promise<Value> {
  const root = await blobs.materialize(value.tree)
  const folder = join(root, value.path)
  const files = await filesOfTable(folder, root).catch(error => {
    if (!(error instanceof HaganeError)) throw error
    throw refused(name, value.mode, error.message)
  })
  const wanted = new Set(files.map(file => relative(folder, file).split(sep).join('/')))
  const above = [...wanted].find(path => path.startsWith('../'))
  if (above !== undefined) throw refused(name, value.mode, `MLTable: '${above}' is not below the folder of the table`)
  const prefix = relative(root, folder) === '' ? '' : `${relative(root, folder).split(sep).join('/')}/`
  const { entries } = await blobs.getTree(value.tree)
  const kept = entries.flatMap(entry => {
    const path = entry.path.slice(prefix.length)
    return entry.path.startsWith(prefix) && wanted.has(path) ? [{ ...entry, path }] : []
  })
  const { digest } = await blobs.putTree(kept)
  return { ...value, tree: digest, path: '' }
}

const refused = (name: string, mode: InputMode, why: string): HaganeError =>
  new HaganeError('invalid', `inputs.${name}: mode ${mode}: ${why}`, {
    details: [{ property: `inputs.${name}.mode`, message: why, sent: mode, allowed: 'a folder with an MLTable file' }],
    hint: 'mode: ro_mount gives the folder as it is, and mltable.load(path) reads the table there',
  })
