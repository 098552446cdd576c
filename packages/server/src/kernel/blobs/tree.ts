import { HaganeError, isSafeTreePath, type TreeEntry, type TreeManifest } from '@hagane/contract'
import { canonicalJson } from '../canonical-json.ts'

const byPath = (a: TreeEntry, b: TreeEntry): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)

export const sizeOf = (entries: readonly TreeEntry[]): number => entries.reduce((sum, entry) => sum + entry.size, 0)

/** The canonical text of a manifest: entries by path, so that equal folders have equal digests. Throws on unsafe or clashing paths. */
export function encodeTree(entries: readonly TreeEntry[]): string {
  const sorted = [...entries].sort(byPath)
  sorted.forEach((entry, i) => {
    if (!isSafeTreePath(entry.path))
      throw new HaganeError('invalid', `unsafe path in tree: ${JSON.stringify(entry.path)}`, {
        hint: 'paths are relative, with forward slashes and without "." or ".." parts',
      })
    const before = sorted[i - 1]?.path
    if (before === entry.path || (before !== undefined && entry.path.startsWith(`${before}/`)))
      throw new HaganeError(
        'invalid',
        `paths clash in tree: ${JSON.stringify(before)} and ${JSON.stringify(entry.path)}`,
      )
  })
  const plain = sorted.map(({ path, digest, size, executable }) => ({
    path,
    digest,
    size,
    ...(executable ? { executable: true } : {}),
  }))
  return canonicalJson({ entries: plain })
}

/** Reads a manifest that was stored by `encodeTree`; anything else stored under that digest is not a tree. */
export function parseTree(text: string, digest: string): TreeManifest {
  if (!text.startsWith('{"entries":'))
    throw new HaganeError('invalid', `${digest} is not a tree`, { hint: 'a tree is made by POST /api/v1/trees' })
  return JSON.parse(text) as TreeManifest
}

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
