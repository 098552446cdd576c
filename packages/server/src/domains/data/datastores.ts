import { mkdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { type DatastoreResource, HaganeError, isSafeTreePath } from '@hagane/contract'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import { copyTree } from './copy-tree.ts'

export const DEFAULT_DATASTORE = 'workspaceblobstore'
const names = [DEFAULT_DATASTORE, 'workspaceartifactstore', 'workspaceworkingdirectory', 'workspacefilestore']

/** Where content of a datastore stands, by digest; `path` is the file's name for a file and '' for a folder. */
export interface StoredContent {
  tree: string
  path: string
  size: number
  fileCount: number
}

/** The datastores every Azure ML workspace has, as folders of the data folder. */
export interface Datastores {
  list(workspace: string): DatastoreResource[]
  get(workspace: string, name: string): DatastoreResource
  prepare(workspace: string): Promise<void>
  /** Throws not_found when there is no such datastore, invalid when the path leads out of it. */
  check(workspace: string, name: string, path: string): void
  /** Takes a snapshot of a file or folder as it is now. Throws not_found. */
  snapshot(workspace: string, name: string, path: string): Promise<StoredContent>
  /** The same of a folder of the server that is no datastore; `name` is what messages call it. */
  snapshotOf(root: string, path: string, name: string): Promise<StoredContent>
  /** Writes a tree's files below a folder, or one file of it to a file path; what else is there stays. */
  write(workspace: string, name: string, path: string, content: { tree: string; path: string }): Promise<void>
}

export function buildDatastores(dataDir: string, blobs: BlobStore): Datastores {
  const folderOf = (workspace: string, name: string) => join(dataDir, 'datastores', workspace, name)
  const get = (workspace: string, name: string): DatastoreResource => {
    if (!names.includes(name))
      throw new HaganeError('not_found', `no datastore '${name}' in workspace ${workspace}`, {
        hint: `datastores: ${names.join(', ')}`,
      })
    return {
      id: `azureml://datastores/${name}`,
      name,
      type: 'local_folder',
      description: 'A folder of the server',
      path: folderOf(workspace, name),
      is_default: name === DEFAULT_DATASTORE,
    }
  }
  const place = (workspace: string, name: string, path: string) => join(get(workspace, name).path, safePath(path))
  return {
    list: workspace => names.map(name => get(workspace, name)),
    get,
    check: (workspace, name, path) => void place(workspace, name, path),
    // scripts expect the folder that earlier jobs of a workspace have written to
    prepare: async workspace =>
      void (await mkdir(join(folderOf(workspace, DEFAULT_DATASTORE), 'azureml'), { recursive: true })),
    snapshot: async (workspace, name, path) =>
      snapshotOf(blobs, get(workspace, name).path, safePath(path), `azureml://datastores/${name}/paths/${path}`),
    snapshotOf: (root, path, name) => snapshotOf(blobs, root, path, name),
    async write(workspace, name, path, content) {
      const root = get(workspace, name).path
      await mkdir(root, { recursive: true })
      await copyTree(blobs, content, place(workspace, name, path), folder => refuseEscape(root, folder))
    },
  }
}

async function snapshotOf(blobs: BlobStore, root: string, path: string, name: string): Promise<StoredContent> {
  const source = join(root, path)
  const info = await stat(source).catch(() => undefined)
  if (info === undefined)
    throw new HaganeError('not_found', `nothing at ${name}`, { hint: `it is below the folder ${root} of the server` })
  await refuseEscape(root, source)
  if (!info.isDirectory() && !info.isFile()) throw new HaganeError('invalid', `${name} is neither a file nor a folder`)
  if (info.isDirectory()) {
    const { digest, size, fileCount } = await blobs.putFolder(source)
    return { tree: digest, path: '', size, fileCount }
  }
  const { digest, size } = await blobs.putFile(source)
  const tree = await blobs.putTree([{ path: basename(source), digest, size }])
  return { tree: tree.digest, path: basename(source), size, fileCount: 1 }
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

/** A path below a datastore; leading and trailing slashes are dropped, `..` and the like refused. */
function safePath(path: string): string {
  const clean = path.replace(/^\/+|\/+$/g, '').replace(/\/{2,}/g, '/')
  if (clean !== '' && !isSafeTreePath(clean))
    throw new HaganeError('invalid', `unsafe datastore path: ${JSON.stringify(path)}`, {
      hint: 'paths have no ".", ".." or backslash',
    })
  return clean
}
