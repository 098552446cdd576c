import { mkdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { HaganeError } from '@hagane/contract'
import { copyTree } from './copy-tree.ts'
import { checkPortName, layout } from './layout.ts'
import type { ContentStore, StepInput, StepOutput } from './types.ts'

/**
 * The path at which the command finds an input: a shared read-only folder, a path that is there already, or a private copy.
 * A single file keeps its name. Throws `not_found` when there is nothing.
 */
export async function placeInput(input: StepInput, folder: string, content: ContentStore): Promise<string> {
  checkPortName('input', input.name)
  const what = `inputs.${input.name}`
  const { source } = input
  if (source.kind === 'path') return existing(source.path, what)
  if (input.mode !== 'rw_mount' && content.materialize !== undefined) {
    return existing(join(await content.materialize(source.digest), checkedTreePath(source.path, what)), what)
  }
  const target = join(layout(folder).inputs, input.name)
  mkdirSync(target, { recursive: true })
  return await copyTree(content, source, target, what)
}

function checkedTreePath(path: string, what: string): string {
  const clean = path.replace(/\/+$/, '')
  if (clean !== '' && !clean.split('/').every(part => part !== '' && part !== '.' && part !== '..')) {
    throw new HaganeError('invalid', `${what}: ${JSON.stringify(path)} leads out of the tree`)
  }
  return clean
}

function existing(path: string, what: string): string {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return path
  throw new HaganeError('not_found', `${what}: there is nothing at ${path}`, {
    details: [{ property: what, message: 'no such file or folder', sent: path }],
  })
}

/** The path of an output: the folder is there before the command, and empty unless the plan names it; of a file its parent is. */
export function placeOutput(output: StepOutput, folder: string): StepOutput & { path: string } {
  checkPortName('output', output.name)
  const own = join(layout(folder).outputs, output.name)
  if (output.kind === 'folder') {
    mkdirSync(output.path ?? own, { recursive: true })
    // a target that is a link is somebody's storage; what the command makes a link later is not
    return { ...output, path: output.path === undefined ? own : realpathSync(output.path) }
  }
  const fileName = output.fileName ?? output.name
  checkPortName('output', fileName)
  const path = output.path ?? join(own, fileName)
  mkdirSync(dirname(path), { recursive: true })
  return { ...output, path }
}
