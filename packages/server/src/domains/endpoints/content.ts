import { join } from 'node:path'
import { HaganeError, isSafeTreePath, parseReference } from '@hagane/contract'
import { type BlobStore, subtree } from '../../kernel/blobs/index.ts'

const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** A read-only folder with what lies at a path of a tree; a file becomes the only one in it. */
export async function folderOf(
  blobs: BlobStore,
  tree: string,
  path: string,
): Promise<{ folder: string; tree: string }> {
  const entries = subtree(await blobs.getTree(tree), path)
  if (entries.length === 0) throw nothingThere(tree, path)
  const { digest } = path === '' ? { digest: tree } : await blobs.putTree(entries)
  return { folder: await blobs.materialize(digest), tree: digest }
}

/**
 * What AZUREML_MODEL_DIR names: a folder that holds the last part of the model's path, so that a model at `…/model`
 * is found as `$AZUREML_MODEL_DIR/model`. Where the path says nothing, `source` names the folder. `model` is the model itself.
 */
export async function modelFolder(
  blobs: BlobStore,
  { tree, path, source = '' }: { tree: string; path: string; source?: string },
): Promise<{ parent: string; model: string }> {
  const clean = path.replace(/\/+$/, '')
  const manifest = await blobs.getTree(tree)
  const entries = subtree(manifest, clean)
  if (entries.length === 0) throw nothingThere(tree, clean)
  const isFile = manifest.entries.some(entry => entry.path === clean)
  const name = isFile ? '' : folderName(clean, source)
  const kept = name === '' ? entries : entries.map(entry => ({ ...entry, path: `${name}/${entry.path}` }))
  const parent = await blobs.materialize((await blobs.putTree(kept)).digest)
  return { parent, model: join(parent, isFile ? lastPart(clean) : name) }
}

/** The name under which a folder was registered or uploaded, if anything tells it. */
export function folderName(path: string, source: string): string {
  if (path !== '') return lastPart(path)
  const reference = parseReference(source)
  if (reference.form === 'tree') return lastPart(reference.path.replace(/\/+$/, ''))
  const name = lastPart(source.replace(/\/+$/, ''))
  return isSafeTreePath(name) ? name : ''
}

const nothingThere = (tree: string, path: string): HaganeError =>
  new HaganeError('not_found', `there is nothing at '${path}' in tree ${tree}`, {
    hint: 'upload it again; the path is relative to what was uploaded',
  })
