import { didYouMean } from '@hagane/contract'
import type { Files } from './files.ts'

const mostNames = 8

/** `; did you mean 'train.yml'?` or nothing, and a hint that tells what lies there instead. */
export interface Nearby {
  readonly near: string
  readonly hint: string
}

/**
 * What helps somebody who named a path where nothing lies. `wanted` is how the names of fitting files end, `base` the
 * folder that paths are relative to.
 */
export async function nearby(files: Files, path: string, wanted = /./, base?: string): Promise<Nearby> {
  const folder = files.dirname(path)
  const start = base === undefined ? [] : [`paths are relative to ${base}`]
  if ((await files.stat(folder)) !== 'folder')
    return { near: '', hint: [`there is no folder ${folder} either`, ...start].join('; ') }
  const names = (await files.names(folder)).filter(name => !name.startsWith('.')).sort()
  const near = didYouMean(files.basename(path), names)
  if (near !== '') return { near, hint: start[0] ?? 'correct the name' }
  const fitting = names.filter(name => wanted.test(name))
  const shown = fitting.length > mostNames ? [...fitting.slice(0, mostNames), '…'] : fitting
  const there = shown.length === 0 ? `${folder} holds no such file` : `${folder} holds ${shown.join(', ')}`
  return { near, hint: [there, ...start].join('; ') }
}
