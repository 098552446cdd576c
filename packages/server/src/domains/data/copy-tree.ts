import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { HaganeError } from '@hagane/contract'
import { type BlobStore, subtree } from '../../kernel/blobs/index.ts'
import { newHexId } from '../../kernel/ids.ts'

/**
 * Writes a tree below `target`; with `path`, that one file of the tree becomes the file `target`. Each file appears whole, in
 * place of what had its name. `checkFolder` may refuse a folder before anything is made in it.
 */
export async function copyTree(
  blobs: BlobStore,
  { tree, path }: { tree: string; path: string },
  target: string,
  checkFolder: (folder: string) => Promise<void>,
): Promise<void> {
  const entries = subtree(await blobs.getTree(tree), path)
  const [only] = entries
  if (path !== '' && (only === undefined || entries.length !== 1))
    throw new HaganeError('not_found', `no file ${path} in tree ${tree}`)
  const folders = new Set(path === '' ? [target] : [])
  const files = entries.map(entry => ({ digest: entry.digest, file: path === '' ? join(target, entry.path) : target }))
  for (const { file } of files) folders.add(dirname(file))
  for (const folder of folders) {
    await checkFolder(folder)
    await makeFolder(folder)
  }
  for (const { digest, file } of files) await replaceFile(blobs, digest, file)
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EEXIST' && cause.code !== 'ENOTDIR') throw cause
    throw new HaganeError('conflict', `cannot write below ${folder}: a file stands where a folder is needed`, { cause })
  })
}

async function replaceFile(blobs: BlobStore, digest: string, file: string): Promise<void> {
  const draft = join(dirname(file), `.${newHexId()}.part`)
  try {
    await pipeline(blobs.open(digest), createWriteStream(draft, { flags: 'wx' }))
    await rename(draft, file)
  } catch (cause) {
    await rm(draft, { force: true })
    if ((cause as NodeJS.ErrnoException).code !== 'EISDIR') throw cause
    throw new HaganeError('conflict', `cannot write ${file}: a folder stands where a file is needed`, { cause })
  }
}
