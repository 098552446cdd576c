import type { EnvironmentSpec } from '@hagane/contract'
import { environmentOfModel } from '@hagane/environments'
import { type BlobStore, subtree } from '../../kernel/blobs/index.ts'

/** The environment that the MLflow model at a path of a tree brings along. Throws `invalid` when it brings none. */
export async function environmentOfTree(blobs: BlobStore, tree: string, path: string): Promise<EnvironmentSpec> {
  const entries = subtree(await blobs.getTree(tree), path)
  return environmentOfModel(async name => {
    const entry = entries.find(one => one.path === name)
    return entry === undefined ? undefined : (await blobs.readAll(entry.digest)).toString('utf8')
  })
}
