import { HaganeError, parseReference } from '@hagane/contract'
import { type BlobStore, subtree } from '../../kernel/blobs/index.ts'
import type { Datastores } from './datastores.ts'
import { openUrl } from './fetch-url.ts'
import { readFolder } from './folder-content.ts'
import type { StoredContent } from './stored-content.ts'
import type { UrlMirror } from './url-mirror.ts'

/** Content behind a reference, with the asset it came from. */
export interface ResolvedContent extends StoredContent {
  /** `azureml:<name>:<version>` when the reference named a data asset. */
  asset?: string
  type?: string
}

/** References that other domains know the content of. */
export interface OtherContent {
  jobOutput(workspace: string, job: string, output: string, path: string): Promise<{ tree: string; path: string }>
  runArtifacts(workspace: string, runId: string, path: string): Promise<{ tree: string; path: string }>
}

interface Deps {
  blobs: BlobStore
  datastores: Datastores
  allowPrivateUrls: boolean
  mirror: UrlMirror
  other: OtherContent
}

/** Turns a reference into content by digest. Everything fetched or read is stored first, so the answer never changes. */
export async function resolveContent(deps: Deps, workspace: string, uri: string): Promise<StoredContent> {
  const { blobs } = deps
  const reference = parseReference(uri)
  switch (reference.form) {
    case 'tree':
      return measured(blobs, reference.digest, reference.path)
    case 'datastore':
      return deps.datastores.snapshot(workspace, reference.datastore, reference.path)
    case 'job-output': {
      const { tree, path } = await deps.other.jobOutput(workspace, reference.job, reference.output, reference.path)
      return measured(blobs, tree, path)
    }
    case 'run': {
      const { tree, path } = await deps.other.runArtifacts(workspace, reference.runId, reference.path)
      return measured(blobs, tree, path)
    }
    case 'url':
      return fromMirror(deps, reference.url) ?? fetched(blobs, reference.url, deps.allowPrivateUrls)
    case 'local':
      throw new HaganeError('invalid', `'${uri}' is a path on the client, which the server cannot read`, {
        hint: 'upload it first (the CLI does), and send hagane://trees/<digest>',
      })
    default:
      throw new HaganeError('invalid', `'${uri}' does not name content`, {
        hint: 'use a path, https://…, azureml://datastores/…, azureml://jobs/… or azureml:<data>:<version>',
      })
  }
}

/** Checks that a path exists in a tree and sums up what is below it. */
async function measured(blobs: BlobStore, tree: string, path: string): Promise<StoredContent> {
  const clean = path.replace(/\/+$/, '')
  if (clean === '') {
    const { size, fileCount } = await blobs.treeSummary(tree)
    return { tree, path: clean, size, fileCount }
  }
  const entries = subtree(await blobs.getTree(tree), path)
  if (entries.length === 0) throw new HaganeError('not_found', `no '${clean}' in tree ${tree}`)
  return { tree, path: clean, size: entries.reduce((sum, entry) => sum + entry.size, 0), fileCount: entries.length }
}

/** Content of a mirrored address; the administrator named the place, so it may be a private one. */
function fromMirror({ blobs, mirror }: Deps, uri: string): Promise<StoredContent> | undefined {
  const place = mirror.find(uri)
  if (place === undefined) return undefined
  return place.kind === 'url' ? fetched(blobs, place.url, true) : readFolder(blobs, place.root, uri, place.path)
}

async function fetched(blobs: BlobStore, url: string, allowPrivate: boolean): Promise<StoredContent> {
  const { stream, fileName } = await openUrl(url, allowPrivate)
  const { digest, size } = await blobs.put(stream)
  const tree = await blobs.putTree([{ path: fileName, digest, size }])
  return { tree: tree.digest, path: fileName, size, fileCount: 1 }
}
