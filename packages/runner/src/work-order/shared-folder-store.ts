import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { HaganeError, type TreeEntry, treeManifest } from '@hagane/contract'
import type { ContentStore } from '../types.ts'
import { digestOf } from './digest-of.ts'

/**
 * Content in a folder that machines share: a file for each blob, `<first two digits>/<digest>`, trees as canonical JSON. Files
 * appear by a rename, so a reader never sees half of one.
 */
export function sharedFolderStore(root: string): ContentStore {
  const placeOf = (digest: string): string => join(root, digest.slice(0, 2), digest)
  async function keep(digest: string, write: (draft: string) => Promise<void>): Promise<void> {
    const place = placeOf(digest)
    if (existsSync(place)) return
    await mkdir(dirname(place), { recursive: true })
    const draft = `${place}.${randomUUID()}`
    try {
      await write(draft)
      await rename(draft, place)
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
  }
  return {
    openBlob: digest => createReadStream(placeOf(digest)),
    getTree: async digest => treeManifest.parse(JSON.parse(await readFile(placeOf(digest), 'utf8'))),
    async putFile(path) {
      const { digest, size } = await digestOf(path)
      await keep(digest, draft => copySame(path, draft, digest))
      return { digest, size }
    },
    async putTree(entries) {
      const text = treeText(entries)
      const digest = createHash('sha256').update(text).digest('hex')
      await keep(digest, draft => writeFile(draft, text))
      return { digest, size: entries.reduce((sum, { size }) => sum + size, 0), fileCount: entries.length }
    },
  }
}

/** Throws conflict when the file is another by now: what stands under a digest has it. */
async function copySame(path: string, draft: string, digest: string): Promise<void> {
  await copyFile(path, draft)
  if ((await digestOf(draft)).digest === digest) return
  throw new HaganeError('conflict', `${path} changed while it was stored`, {
    hint: 'let nothing write to an output after the command has ended',
  })
}

/** The same bytes as a server makes of it: keys and entries in order, no blanks. */
function treeText(entries: readonly TreeEntry[]): string {
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const plain = sorted.map(({ digest, executable, path, size }) =>
    executable === true ? { digest, executable, path, size } : { digest, path, size },
  )
  return JSON.stringify({ entries: plain })
}
