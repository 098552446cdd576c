import { HaganeError, isSafeTreePath, type TreeEntry, type TreeManifest } from '@hagane/contract'
import { canonicalJson } from '../canonical-json.ts'

const byPath = (a: TreeEntry, b: TreeEntry): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)

export const bytesIn = (entries: readonly TreeEntry[]): number => entries.reduce((sum, entry) => sum + entry.size, 0)

/** The canonical text of a manifest: entries by path, so that equal folders have equal digests. Throws on unsafe or clashing paths. */
export function encodeTree(entries: readonly TreeEntry[]): string {
  const sorted = [...entries].sort(byPath)
  for (const { path } of sorted)
    if (!isSafeTreePath(path))
      throw new HaganeError('invalid', `unsafe path in tree: ${JSON.stringify(path)}`, {
        hint: 'paths are relative, with forward slashes and without "." or ".." parts',
      })
  refuseClashes(sorted.map(entry => entry.path))
  const plain = sorted.map(({ path, digest, size, executable }) => ({
    path,
    digest,
    size,
    ...(executable ? { executable: true } : {}),
  }))
  return canonicalJson({ entries: plain })
}

/** A path twice, or as a file and as a folder. `paths` are sorted. */
function refuseClashes(paths: readonly string[]): void {
  const files = new Set(paths)
  const clash =
    paths.find((path, i) => path === paths[i - 1]) ?? paths.find(path => foldersOf(path).some(at => files.has(at)))
  if (clash === undefined) return
  const other = foldersOf(clash).find(at => files.has(at)) ?? clash
  throw new HaganeError('invalid', `paths clash in tree: ${JSON.stringify(other)} and ${JSON.stringify(clash)}`, {
    hint: 'each path stands once, and a file is no folder',
  })
}

/** The folders that a path lies in, without the root. */
function foldersOf(path: string): string[] {
  const folders: string[] = []
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) folders.push(path.slice(0, at))
  return folders
}

/**
 * Reads a manifest that was stored by `encodeTree`. Anybody can store any bytes under their digest, so every entry is looked at:
 * paths become files of this machine, and digests the names of files that are read. What is no tree is invalid.
 */
export function parseTree(text: string, digest: string): TreeManifest {
  const entries = text.startsWith('{"entries":[') ? entriesOf(text) : undefined
  if (entries === undefined || !entries.every(isEntry) || !isSorted(entries))
    throw new HaganeError('invalid', `${digest} is not a tree`, { hint: 'a tree is made by POST /api/v1/trees' })
  return { entries }
}

function entriesOf(text: string): TreeEntry[] | undefined {
  try {
    const { entries, ...more } = JSON.parse(text) as TreeManifest
    return Array.isArray(entries) && Object.keys(more).length === 0 ? entries : undefined
  } catch {
    return undefined // some other content that happens to begin like a tree
  }
}

const isEntry = (entry: TreeEntry | null): boolean =>
  typeof entry === 'object' &&
  typeof entry?.path === 'string' &&
  isSafeTreePath(entry.path) &&
  typeof entry.digest === 'string' &&
  /^[0-9a-f]{64}$/.test(entry.digest) &&
  Number.isSafeInteger(entry.size) &&
  entry.size >= 0

const isSorted = (entries: readonly TreeEntry[]): boolean =>
  entries.every((entry, i) => i === 0 || entry.path > (entries[i - 1]?.path ?? ''))

/** The entries below a path of a tree, with paths made relative to it; a path that is a file gives that one entry under its base name. */
export function subtree(manifest: TreeManifest, path: string): TreeEntry[] {
  const clean = path.replace(/\/+$/, '')
  if (clean === '') return manifest.entries
  const file = manifest.entries.find(entry => entry.path === clean)
  if (file !== undefined) return [{ ...file, path: clean.slice(clean.lastIndexOf('/') + 1) }]
  const prefix = `${clean}/`
  return manifest.entries
    .filter(entry => entry.path.startsWith(prefix))
    .map(entry => ({ ...entry, path: entry.path.slice(prefix.length) }))
}
