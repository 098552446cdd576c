import { mkdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { HaganeError } from '@hagane/contract'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import { copyTree } from './copy-tree.ts'
import type { StoredContent } from './stored-content.ts'

/** Takes a snapshot of a file or folder below `root`. */
export async function readFolder(blobs: BlobStore, root: string, uri: string, path: string): Promise<StoredContent> {
  const source = join(root, path)
  const info = await stat(source).catch(() => undefined)
  if (info === undefined)
    throw new HaganeError('not_found', `nothing at ${uri}`, {
      hint: `the datastore is the folder ${root} of the server`,
    })
  await refuseEscape(root, source)
  if (!info.isDirectory() && !info.isFile()) throw new HaganeError('invalid', `${uri} is neither a file nor a folder`)
  if (info.isDirectory()) {
    const { digest, size, fileCount } = await blobs.putFolder(source)
    return { tree: digest, path: '', size, fileCount }
  }
  const { digest, size } = await blobs.putFile(source)
  const tree = await blobs.putTree([{ path: basename(source), digest, size }])
  return { tree: tree.digest, path: basename(source), size, fileCount: 1 }
}

/** Writes a tree's files below a folder, or its one file to a path. */
export async function writeFolder(
  blobs: BlobStore,
  root: string,
  path: string,
  content: { tree: string; path: string },
): Promise<void> {
  await mkdir(root, { recursive: true })
  await copyTree(blobs, content, join(root, path), folder => refuseEscape(root, folder))
}

/** Jobs write into datastores, also links: none of them may lead to what another workspace, or the server, keeps. */
async function refuseEscape(root: string, path: string): Promise<void> {
  const [realRoot, real] = [await realpath(root), await realOf(path)]
  if (real === realRoot || real.startsWith(realRoot + sep)) return
  throw new HaganeError('invalid', `a symbolic link leads out of the datastore: ${path}`, {
    hint: 'put the files themselves into the folder of the datastore',
  })
}

/** Where a path really leads; what of it does not exist yet will be made as it is called. */
async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return join(await realOf(dirname(path)), basename(path))
  }
}
