import { createWriteStream } from 'node:fs'
import { chmod, mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { HaganeError, isSafeTreePath, type TreeEntry } from '@hagane/contract'
import { forEachLimited } from './concurrency.ts'
import type { ContentStore } from './types.ts'

const FILES_AT_ONCE = 16

/** The part of a tree that a step asks for: `file` is set when the path names one file. */
interface Selection {
  entries: TreeEntry[]
  file?: string
}

/** Entries at or below `path`, made relative to it; a file keeps its own name. Throws `not_found` when there are none. */
export function selectEntries(entries: readonly TreeEntry[], path: string, what: string): Selection {
  const clean = path.replace(/\/+$/, '')
  if (clean === '') return { entries: [...entries] }
  const exact = entries.find(entry => entry.path === clean)
  if (exact !== undefined) return { entries: [{ ...exact, path: basename(clean) }], file: basename(clean) }
  const below = entries.filter(entry => entry.path.startsWith(`${clean}/`))
  if (below.length === 0) throw missingInTree(entries, clean, what)
  return { entries: below.map(entry => ({ ...entry, path: entry.path.slice(clean.length + 1) })) }
}

function missingInTree(entries: readonly TreeEntry[], path: string, what: string): HaganeError {
  const some = entries.slice(0, 5).map(entry => entry.path)
  return new HaganeError('not_found', `${what}: there is no '${path}' in its ${entries.length} files`, {
    details: [{ property: what, message: 'no such file or folder', sent: path, allowed: some }],
  })
}

/** Writes a tree, or the part of it at `path`, below `target`, writable by its owner. Returns the file's path for one file, else `target`. */
export async function copyTree(
  content: ContentStore,
  source: { digest: string; path: string },
  target: string,
  what: string,
): Promise<string> {
  const manifest = await content.getTree(source.digest)
  const { entries, file } = selectEntries(manifest.entries, source.path, what)
  const unsafe = entries.find(entry => !isSafeTreePath(entry.path))
  if (unsafe !== undefined) {
    throw new HaganeError('invalid', `${what}: unsafe path in tree: ${JSON.stringify(unsafe.path)}`)
  }
  const folders = new Set(entries.map(entry => dirname(join(target, entry.path))))
  for (const folder of folders) await mkdir(folder, { recursive: true })
  await forEachLimited(entries, FILES_AT_ONCE, entry => writeEntry(content, entry, join(target, entry.path), what))
  return file === undefined ? target : join(target, file)
}

async function writeEntry(content: ContentStore, entry: TreeEntry, path: string, what: string): Promise<void> {
  const written = await write(content, entry, path).catch((cause: unknown) => {
    throw new HaganeError('unavailable', `${what}: cannot stage '${entry.path}': ${(cause as Error).message}`, {
      cause,
    })
  })
  if (written === entry.size) return
  throw new HaganeError('unavailable', `${what}: '${entry.path}' arrived with ${written} of ${entry.size} bytes`, {
    hint: 'run the step again; if it stays so, verify the content store',
  })
}

/** Returns the number of bytes. A copy, never a link: that would let the command change the blob. */
async function write(content: ContentStore, entry: TreeEntry, path: string): Promise<number> {
  const mode = entry.executable ? 0o755 : 0o644
  if (content.copyBlob !== undefined) {
    const size = await content.copyBlob(entry.digest, path)
    await chmod(path, mode)
    return size
  }
  const file = createWriteStream(path, { flags: 'wx', mode })
  await pipeline(content.openBlob(entry.digest), file)
  return file.bytesWritten
}
