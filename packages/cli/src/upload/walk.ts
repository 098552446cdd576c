import { type BigIntStats, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, join, sep } from 'node:path'
import { HaganeError } from '@hagane/contract'
import { type IgnoreRules, parseIgnoreRules } from './ignore-rules.ts'
import { type LocalFile, localFile } from './stamped-file.ts'

/** `code` obeys ignore files and leaves out what is never code; `data` takes everything. */
export type ContentKind = 'code' | 'data'

const neverCode = new Set(['__pycache__', '.git', '.amlignore', '.DS_Store'])

interface Walk {
  readonly root: string
  readonly realRoot: string
  readonly rules: IgnoreRules | undefined
  readonly kind: ContentKind
  readonly found: LocalFile[]
}

/**
 * Lists the files below a folder, or the one file, sorted by path. A symbolic link is followed while it stays inside the
 * folder; a link that leaves it, a link in a circle, a broken link and anything that is neither file nor folder is an
 * error that names it, unless an ignore rule leaves it out.
 */
export function listFiles(root: string, kind: ContentKind): LocalFile[] {
  const stat = statSync(root, { bigint: true, throwIfNoEntry: false })
  if (stat === undefined) throw new HaganeError('invalid', `no such file or folder: ${root}`)
  if (stat.isFile()) return [localFile(checkedPath(basename(root), root), root, stat)]
  if (!stat.isDirectory()) throw special(root)
  const realRoot = realpathSync(root)
  const walk: Walk = { root, realRoot, rules: kind === 'code' ? rulesOf(root) : undefined, kind, found: [] }
  walkFolder(walk, '', [realRoot])
  return walk.found.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** .amlignore at the root of the code wins over the .gitignore there; neither is looked for elsewhere. */
function rulesOf(root: string): IgnoreRules | undefined {
  for (const name of ['.amlignore', '.gitignore']) {
    const file = join(root, name)
    if (statSync(file, { throwIfNoEntry: false })?.isFile()) return parseIgnoreRules(readFileSync(file, 'utf8'))
  }
  return undefined
}

function walkFolder(walk: Walk, folder: string, ancestors: readonly string[]): void {
  for (const name of readdirSync(join(walk.root, folder))) {
    if (walk.kind === 'code' && neverCode.has(name)) continue
    const path = folder === '' ? name : `${folder}/${name}`
    const file = `${walk.root}${sep}${path}`
    const stat = lstatSync(file, { bigint: true, throwIfNoEntry: false })
    if (stat !== undefined) visit(walk, stat, path, file, ancestors)
    else if (name.includes('\ufffd')) throw unstorable(file)
  }
}

function visit(walk: Walk, stat: BigIntStats, path: string, file: string, ancestors: readonly string[]): void {
  const excluded = walk.rules?.excludes(path) ?? false
  if (excluded && (walk.rules?.prunes === true || !stat.isDirectory())) return
  if (stat.isFile()) walk.found.push(localFile(checkedPath(path, file), file, stat))
  else if (stat.isSymbolicLink()) followLink(walk, path, file, ancestors)
  else if (stat.isDirectory()) walkFolder(walk, path, [...ancestors, realpathSync(file)])
  else throw special(file)
}

function followLink(walk: Walk, path: string, file: string, ancestors: readonly string[]): void {
  const target = targetOf(file)
  if (target !== walk.realRoot && !target.startsWith(walk.realRoot + sep)) {
    throw new HaganeError('invalid', `the symbolic link ${file} leads out of ${walk.root}, to ${target}`, {
      hint: 'put the content into the folder, or leave the link out with .amlignore',
    })
  }
  const stat = statSync(target, { bigint: true })
  if (stat.isFile()) {
    walk.found.push(localFile(checkedPath(path, file), file, stat))
    return
  }
  if (!stat.isDirectory()) throw special(file)
  if (ancestors.includes(target)) {
    throw new HaganeError('invalid', `the symbolic link ${file} leads in a circle, to ${target}`)
  }
  walkFolder(walk, path, [...ancestors, target])
}

function targetOf(file: string): string {
  try {
    return realpathSync(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new HaganeError('invalid', `the symbolic link ${file} leads to nothing`)
    if (code === 'ELOOP') throw new HaganeError('invalid', `the symbolic link ${file} leads in a circle`)
    throw error
  }
}

const special = (file: string) =>
  new HaganeError('invalid', `${file} is neither a file nor a folder (a socket, pipe or device)`, {
    hint: 'move it away, or leave it out with .amlignore',
  })

function checkedPath(path: string, file: string): string {
  if (!/[\\\ufffd]|^[A-Za-z]:/.test(path) && path.length <= 4096) return path
  throw unstorable(file)
}

const unstorable = (file: string) =>
  new HaganeError('invalid', `the name ${JSON.stringify(file)} cannot be stored`, {
    hint: 'names are UTF-8, without backslash, at most 4096 characters in all',
  })
