import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { HaganeError } from '@hagane/contract'
import { type BlobStore, subtree } from '../../kernel/blobs/index.ts'

/** Writes a tree below `target`; with `path`, that one file of the tree becomes the file `target`. */
export async function copyTree(
  blobs: BlobStore,
  { tree, path }: { tree: string; path: string },
  target: string,
): Promise<void> {
  const entries = subtree(await blobs.getTree(tree), path)
  const [only] = entries
  if (path !== '' && (only === undefined || entries.length !== 1))
    throw new HaganeError('not_found', `no file ${path} in tree ${tree}`)
  for (const entry of entries) {
    const file = path === '' ? join(target, entry.path) : target
    await mkdir(dirname(file), { recursive: true })
    await pipeline(blobs.open(entry.digest), createWriteStream(file))
  }
}
