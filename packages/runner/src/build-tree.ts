import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, sep } from 'node:path'
import { HaganeError, isSafeTreePath, type TreeEntry } from '@hagane/contract'
import { forEachLimited } from './concurrency.ts'
import type { ContentStore } from './types.ts'

const FILES_AT_ONCE = 8
/** as many as a tree's manifest may name */
const MOST_FILES = 1_000_000

interface FoundFile {
  /** in the tree */
  path: string
  /** on disk */
  file: string
  executable: boolean
}

/**
 * The files below a folder, by path. Symbolic links to something inside the folder are followed; links out of it, cycles,
 * sockets, pipes and devices are refused (`invalid`), as are names that a tree cannot hold. `what` names it in messages.
 */
export async function findFiles(root: string, what: string): Promise<FoundFile[]> {
  const realRoot = await realpath(root)
  const found: FoundFile[] = []
  const open: { folder: string; path: string; above: string[] }[] = [{ folder: root, path: '', above: [realRoot] }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const entry of await readdir(next.folder, { withFileTypes: true })) {
      const path = next.path === '' ? entry.name : `${next.path}/${entry.name}`
      const file = join(next.folder, entry.name)
      checkName(path, what)
      const { kind, executable, real } = await resolve(file, realRoot, `${what}: ${path}`)
      if (kind === 'file') found.push({ path, file, executable })
      if (found.length > MOST_FILES) throw new HaganeError('too_large', `${what} has more than ${MOST_FILES} files`)
      if (kind === 'file') continue
      if (next.above.includes(real)) throw refused(`${what}: ${path}`, 'is a symbolic link that makes a cycle')
      else open.push({ folder: file, path, above: real === '' ? next.above : [...next.above, real] })
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Stores a folder's files, or one file under its name, as a tree. */
export async function storeTree(content: ContentStore, path: string, what: string) {
  const info = await stat(path)
  const files = info.isDirectory()
    ? await findFiles(path, what)
    : [{ path: basename(path), file: path, executable: (info.mode & 0o100) !== 0 }]
  return await content.putTree(await storeFiles(content, files))
}

/** Stores files and returns their entries, in the same order. */
export async function storeFiles(content: ContentStore, files: FoundFile[]): Promise<TreeEntry[]> {
  const entries = new Map<FoundFile, TreeEntry>()
  await forEachLimited(files, FILES_AT_ONCE, async found => {
    const { digest, size } = await content.putFile(found.file)
    entries.set(found, { path: found.path, digest, size, ...(found.executable ? { executable: true } : {}) })
  })
  return files.map(found => entries.get(found)).filter(entry => entry !== undefined)
}

async function resolve(file: string, realRoot: string, what: string) {
  const own = await lstat(file).catch((cause: unknown) => {
    throw refused(what, `cannot be read (${(cause as Error).message}); its name may not be UTF-8`)
  })
  let info = own
  let real = ''
  if (own.isSymbolicLink()) {
    real = await realpath(file).catch(() => '')
    if (real === '') throw refused(what, 'is a symbolic link to something that is not there')
    if (real !== realRoot && !real.startsWith(realRoot + sep))
      throw refused(what, 'is a symbolic link that leads out of the folder')
    info = await stat(file)
  }
  if (!info.isFile() && !info.isDirectory()) throw refused(what, 'is neither a file nor a folder')
  return { kind: info.isFile() ? 'file' : 'folder', executable: (info.mode & 0o100) !== 0, real } as const
}

function checkName(path: string, what: string): void {
  if (isSafeTreePath(path) && path.length <= 4096) return
  throw refused(
    `${what}: ${JSON.stringify(path)}`,
    'has a name that is too long, or holds a backslash or a drive letter',
  )
}

const refused = (what: string, problem: string): HaganeError =>
  new HaganeError('invalid', `${what} ${problem}`, {
    hint: 'let the command write plain files and folders into its outputs, or copy them there',
    details: [{ property: what, message: problem }],
  })
