import { createHash } from 'node:crypto'
import { constants, createReadStream, existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { TreeEntry, TreeManifest } from '@hagane/contract'
import type { ContentStore } from '../types.ts'

/** A small content store on a folder, for tests and measurements of the runner, which knows no server. */
export interface FolderStore extends ContentStore {
  /** Stores `{ 'a/b.txt': 'text' }` as a tree and returns its digest. A name that ends in `*` is executable. */
  tree(files: Record<string, string>): Promise<string>
  /** `{ 'a/b.txt': 'text' }` of a stored tree; executable files end in `*`. */
  read(digest: string): Promise<Record<string, string>>
}

export function folderStore(root: string, options: { shared: boolean } = { shared: true }): FolderStore {
  const pathOf = (digest: string) => join(root, digest)
  const putText = async (text: string | Buffer) => {
    const digest = createHash('sha256').update(text).digest('hex')
    if (!existsSync(pathOf(digest))) await writeFile(pathOf(digest), text)
    return { digest, size: Buffer.byteLength(text) }
  }
  const store: FolderStore = {
    openBlob: digest => createReadStream(pathOf(digest)),
    getTree: async digest => JSON.parse(await readFile(pathOf(digest), 'utf8')) as TreeManifest,
    async putFile(path) {
      const hash = createHash('sha256')
      let size = 0
      await pipeline(createReadStream(path), async source => {
        for await (const chunk of source as AsyncIterable<Buffer>) {
          hash.update(chunk)
          size += chunk.length
        }
      })
      const digest = hash.digest('hex')
      if (!existsSync(pathOf(digest))) await copyFile(path, pathOf(digest))
      return { digest, size }
    },
    async putTree(entries: TreeEntry[]) {
      const { digest } = await putText(JSON.stringify({ entries }))
      return { digest, size: entries.reduce((sum, entry) => sum + entry.size, 0), fileCount: entries.length }
    },
    async tree(files) {
      const entries: TreeEntry[] = []
      for (const [name, text] of Object.entries(files)) {
        const executable = name.endsWith('*')
        entries.push({ path: name.replace(/\*$/, ''), ...(await putText(text)), ...(executable ? { executable } : {}) })
      }
      return (await store.putTree(entries)).digest
    },
    async read(digest) {
      const { entries } = await store.getTree(digest)
      const texts = entries.map(async entry => [
        entry.executable ? `${entry.path}*` : entry.path,
        await readFile(pathOf(entry.digest), 'utf8'),
      ])
      return Object.fromEntries(await Promise.all(texts))
    },
  }
  if (options.shared) {
    store.materialize = digest => shareTree(root, digest, store)
    store.copyBlob = async (digest, path) => {
      await copyFile(pathOf(digest), path, constants.COPYFILE_EXCL)
      return (await stat(path)).size
    }
  }
  return store
}

async function shareTree(root: string, digest: string, store: ContentStore): Promise<string> {
  const folder = join(root, 'trees', digest)
  if (existsSync(folder)) return folder
  const fresh = `${folder}.new`
  await mkdir(fresh, { recursive: true })
  for (const entry of (await store.getTree(digest)).entries) {
    await mkdir(dirname(join(fresh, entry.path)), { recursive: true })
    await copyFile(join(root, entry.digest), join(fresh, entry.path))
    await chmod(join(fresh, entry.path), entry.executable ? 0o555 : 0o444)
  }
  await rename(fresh, folder)
  return folder
}
