import { HaganeError, isSafeTreePath, type TreeEntry } from '@hagane/contract'
import { type BlobStore, subtree } from '../../kernel/blobs/index.ts'
import type { StoredContent } from './stored-content.ts'
import type { ObjectStore } from './stores/object-store.ts'

const AT_ONCE = 8

/** Takes a snapshot of what lies at a path of object storage: an object, or all that lie below it as a folder. */
export async function readObjects(
  blobs: BlobStore,
  store: ObjectStore,
  uri: string,
  prefix: string,
  path: string,
): Promise<StoredContent> {
  const found = await objectsAt(store, uri, prefix, path)
  const entries: TreeEntry[] = []
  await eachOf(found.objects, async ({ key, size: expected, name }) => {
    const { digest, size } = await blobs.put(await store.open(key))
    if (expected !== undefined && size !== expected)
      throw new HaganeError('unavailable', `${uri}: ${name} was changed while it was read`, { hint: 'try again' })
    entries.push({ path: name, digest, size })
  })
  const tree = await blobs.putTree(entries)
  const fileName = found.isFile ? (entries[0]?.path ?? '') : ''
  return { tree: tree.digest, path: fileName, size: tree.size, fileCount: entries.length }
}

/** A few at a time: storage answers slowly, and each answer is open while it is read. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items]
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await work(next)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

interface Found {
  isFile: boolean
  objects: { key: string; size?: number; name: string }[]
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

async function objectsAt(store: ObjectStore, uri: string, prefix: string, path: string): Promise<Found> {
  const at = prefix + path
  if (store.list === undefined) {
    if (path === '')
      throw new HaganeError('unsupported', `${uri}: the storage has no listings`, { hint: 'name a file' })
    return { isFile: true, objects: [{ key: at, name: baseName(path) }] }
  }
  const below = path === '' ? prefix : `${at}/`
  const objects: Found['objects'] = []
  for await (const { key, size } of store.list(at)) {
    if (key === at && path !== '' && !key.endsWith('/'))
      return { isFile: true, objects: [{ key, size, name: baseName(path) }] }
    // a key that ends with a slash is the mark of a folder
    if (!key.startsWith(below) || key.endsWith('/')) continue
    const name = key.slice(below.length)
    if (!isSafeTreePath(name))
      throw new HaganeError('invalid', `${uri}: ${JSON.stringify(name)} cannot be the name of a file here`, {
        hint: 'name the folders below it one by one, or rename the object',
      })
    objects.push({ key, size, name })
  }
  if (objects.length === 0) throw new HaganeError('not_found', `nothing at ${uri}`)
  return { isFile: false, objects }
}

/** Writes a tree's files below a path, or its one file to the path. */
export async function writeObjects(
  blobs: BlobStore,
  store: ObjectStore,
  at: string,
  content: { tree: string; path: string },
): Promise<void> {
  const entries = subtree(await blobs.getTree(content.tree), content.path)
  if (content.path !== '' && entries.length !== 1)
    throw new HaganeError('not_found', `no file ${content.path} in tree ${content.tree}`)
  await eachOf(entries, ({ digest, size, path }) => {
    const key = content.path === '' ? [at, path].filter(part => part !== '').join('/') : at
    return store.put(key, size, () => blobs.open(digest))
  })
}
