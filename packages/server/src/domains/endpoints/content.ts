import { join } from 'node:path'
import { HaganeError } from '@hagane/contract'
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
 * is found as `$AZUREML_MODEL_DIR/model`. `model` is the model itself.
 */
export async function modelFolder(
  blobs: BlobStore,
  tree: string,
  path: string,
): Promise<{ parent: string; model: string; tree: string }> {
  const clean = path.replace(/\/+$/, '')
  if (clean === '') {
    const folder = await blobs.materialize(tree)
    return { parent: folder, model: folder, tree }
  }
  const manifest = await blobs.getTree(tree)
  const entries = subtree(manifest, clean)
  if (entries.length === 0) throw nothingThere(tree, clean)
  const name = lastPart(clean)
  const isFile = manifest.entries.some(entry => entry.path === clean)
  const kept = isFile ? entries : entries.map(entry => ({ ...entry, path: `${name}/${entry.path}` }))
  const stored = await blobs.putTree(kept)
  const parent = await blobs.materialize(stored.digest)
  return { parent, model: join(parent, name), tree: stored.digest }
}

const nothingThere = (tree: string, path: string): HaganeError =>
  new HaganeError('not_found', `there is nothing at '${path}' in tree ${tree}`, {
    hint: 'upload it again; the path is relative to what was uploaded',
  })
