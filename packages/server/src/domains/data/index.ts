import {
  type DataAsset,
  type DataSpec,
  dataRoutes,
  HaganeError,
  parseReference,
  registryUri,
  treeUri,
} from '@hagane/contract'
import { type BlobStore, subtree } from '../../kernel/blobs/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Database, Tx } from '../../kernel/db/index.ts'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import type { Secrets } from '../../kernel/secrets.ts'
import type { Tasks } from '../../kernel/tasks/index.ts'
import {
  type Asset,
  adopt,
  assetFieldsOf,
  buildAssets,
  inRegistry,
  type RequireRegistry,
  writerIn,
} from '../assets/index.ts'
import { datastoreRoutesOf } from './datastore-routes.ts'
import { buildDatastores, type Datastores } from './datastores.ts'
import { buildProfiles } from './profiles.ts'
import { type OtherContent, type ResolvedContent, resolveContent } from './resolve.ts'
import type { StoredContent } from './stored-content.ts'
import { buildTableReader, type TableReader } from './table-reader.ts'
import { tableRoutes } from './table-routes.ts'
import { buildUrlMirror, type UrlMirror } from './url-mirror.ts'

export { DEFAULT_DATASTORE } from './datastores.ts'
export type { ResolvedContent } from './resolve.ts'
export { urlMirrorRules } from './url-mirror.ts'

/** What a data version stores: the specification and the content it was resolved to when it was made. */
interface StoredSpec extends DataSpec {
  content: { tree: string; path: string; size: number; fileCount: number }
  /** Of a folder that others write to: `content` is empty, and whoever uses the version gets what `path` holds by then. */
  grows?: true
}

export interface Data {
  routes: BoundRoute[]
  datastores: Datastores
  mirror: UrlMirror
  /** The table behind a reference, laid out as files. Throws not_found or invalid. */
  table: TableReader['source']
  /** Content behind any reference: assets, trees, datastores, job outputs, run artifacts, https. Throws not_found or invalid. */
  resolve(workspace: string, uri: string): Promise<ResolvedContent>
  /** Registers content that is already stored, e.g. a job's output, in the caller's transaction. */
  register(
    tx: Tx,
    asset: {
      name: string
      version?: string | undefined
      type: DataSpec['type']
      content: StoredSpec['content']
      source: string
      facts: Record<string, unknown>
    },
  ): Promise<{ name: string; version: string }>
  /** Registers a folder of a datastore that grows. Nothing happens when it stands already; throws conflict when something else does. */
  registerGrowing(tx: Tx, asset: GrowingFolder): Promise<void>
}

interface GrowingFolder {
  name: string
  version: string
  path: string
  description: string
}

interface Deps {
  db: Database
  blobs: BlobStore
  secrets: Secrets
  clock: Clock
  tasks: Tasks
  dataDir: string
  allowPrivateUrls: boolean
  /** Prefix of addresses → folder or address that they are read from instead. */
  urlMirror: Readonly<Record<string, string>>
  other: OtherContent
  requireRegistry: RequireRegistry
}

/** Data assets and datastores. A version stands for content by digest: what it named may change or vanish, it does not. */
export function buildData(deps: Deps): Data {
  const { db, blobs, secrets, clock, tasks, dataDir, allowPrivateUrls, urlMirror, other, requireRegistry } = deps
  const mirror = buildUrlMirror(urlMirror)
  const assets = buildAssets<StoredSpec>(db, 'data')
  const datastores = buildDatastores({ db, blobs, secrets, dataDir, allowPrivateUrls })
  const plain = (workspace: string, uri: string) =>
    resolveContent({ blobs, datastores, allowPrivateUrls, mirror, other }, workspace, uri)
  const contentNow = (workspace: string, asset: Asset<StoredSpec>) =>
    asset.spec.grows === true ? grown(asset, () => plain(workspace, asset.spec.path)) : asset.spec.content
  const resolve = async (workspace: string, uri: string): Promise<ResolvedContent> => {
    const shared = await inRegistry(requireRegistry, uri, 'data')
    if (shared !== undefined) {
      const { registry } = shared
      const { name, version, spec } = await assets.get(registry, shared.name, shared.version)
      return { ...spec.content, asset: registryUri(registry, 'data', name, version), type: spec.type }
    }
    const reference = parseReference(uri)
    if (reference.form !== 'asset') return plain(workspace, uri)
    const { name, version, label } = reference
    const asset = await assets.get(workspace, name, version ?? `@${label ?? 'latest'}`)
    const content = await contentNow(workspace, asset)
    return { ...content, asset: `azureml:${asset.name}:${asset.version}`, type: asset.spec.type }
  }
  const reader = buildTableReader(blobs, resolve)
  const get = async (workspace: string, name: string, version: string) => {
    const asset = await assets.get(workspace, name, version)
    return { name, version: asset.version, type: asset.spec.type, content: await contentNow(workspace, asset) }
  }
  const profiles = buildProfiles({ db, blobs, tasks, reader, get })
  const create = async (tx: Tx, spec: StoredSpec, facts: Record<string, unknown>) => {
    const asset = await assets.create(tx, {
      ...spec,
      spec,
      digest: spec.content.tree,
      facts: { type: spec.type, tree: spec.content.tree, path: spec.content.path, ...facts },
    })
    await profiles.noteCreated(tx, { name: asset.name, version: asset.version, type: spec.type, content: spec.content })
    return asset
  }
  return {
    datastores,
    mirror,
    table: reader.source,
    resolve,
    register: (tx, { content, source, facts, ...asset }) =>
      create(tx, { ...asset, path: source, content }, { source, ...facts }),
    async registerGrowing(tx, { name, version, path, description }) {
      const { digest: tree } = await blobs.putTree([])
      const spec: StoredSpec = {
        type: 'uri_folder',
        name,
        version,
        path,
        content: { tree, path: '', size: 0, fileCount: 0 },
        grows: true,
      }
      await assets.create(tx, { name, version, description, spec, facts: { type: spec.type, path: '', source: path } })
    },
    routes: [
      ...tableRoutes(profiles, reader, clock),
      implement(dataRoutes.create, async call => {
        const { asset: from, type: _type, ...content } = await resolve(call.workspace, call.body.path)
        await checkType(blobs, call.body, content)
        const source = call.body.path.startsWith('hagane://') ? 'upload' : call.body.path
        return toResource(
          await db.withTransaction(call, tx =>
            create(tx, { ...call.body, content }, { source, ...(from === undefined ? {} : { from }) }),
          ),
        )
      }),
      implement(dataRoutes.list, async call => mapPage(await assets.list(call.workspace, call.query))),
      implement(dataRoutes.versions, async call =>
        mapPage(await assets.versions(call.workspace, call.params.name, call.query)),
      ),
      implement(dataRoutes.show, async call =>
        toResource(await assets.get(call.workspace, call.params.name, call.params.version)),
      ),
      implement(dataRoutes.update, async call =>
        toResource(await assets.update(call, call.params.name, call.params.version, call.body)),
      ),
      implement(dataRoutes.archive, async call =>
        toResource(await assets.archive(call, call.params.name, call.params.version, true)),
      ),
      implement(dataRoutes.restore, async call =>
        toResource(await assets.archive(call, call.params.name, call.params.version, false)),
      ),
      implement(dataRoutes.label, async call =>
        toResource(await assets.label(call, call.params.name, call.params.label, call.body.version)),
      ),
      implement(dataRoutes.share, async call => {
        const who = await writerIn(requireRegistry, call, 'asset.write', call.body.registry_name)
        const asset = await assets.get(call.workspace, call.params.name, call.params.version)
        const { type, path, content } = asset.spec
        if (asset.spec.grows === true) throw growsAway(asset)
        const facts = { type, tree: content.tree, path: content.path, source: path }
        return toResource(await db.withTransaction(who, tx => adopt(assets, tx, asset, call.body, facts)))
      }),
      ...datastoreRoutesOf(datastores),
    ],
  }
}

/** What a growing folder holds now. Throws not_found that says so while it holds nothing. */
async function grown(asset: Asset<StoredSpec>, read: () => Promise<StoredContent>): Promise<StoredContent> {
  return read().catch((error: unknown) => {
    if (!(error instanceof HaganeError) || error.kind !== 'not_found') throw error
    throw new HaganeError('not_found', `azureml:${asset.name}:${asset.version} holds nothing yet: ${error.message}`, {
      hint: 'files appear there as they are collected, at the latest ten minutes after the first request',
      cause: error,
    })
  })
}

const growsAway = ({ name, version }: Asset<StoredSpec>): HaganeError =>
  new HaganeError('invalid', `data ${name}:${version} is a folder that grows, and what is shared never changes`, {
    hint: `take what it holds now: hagane data create -n ${name}-taken --type uri_folder --path azureml:${name}:${version}, and share that`,
  })

const mapPage = (page: { items: Asset<StoredSpec>[]; next_cursor?: string }) => ({
  ...page,
  items: page.items.map(toResource),
})

/** A uri_file is one file; an mltable folder holds a file named MLTable. */
async function checkType(blobs: BlobStore, spec: DataSpec, content: { tree: string; path: string }): Promise<void> {
  if (spec.type === 'uri_folder' && content.path === '') return // a tree is a folder
  const manifest = await blobs.getTree(content.tree)
  const isFile = manifest.entries.some(entry => entry.path === content.path)
  if (spec.type === 'uri_file' && !isFile)
    throw new HaganeError('invalid', `data: path: ${spec.name} is of type uri_file, but the path holds a folder`, {
      details: [{ property: 'type', message: 'does not fit the path', sent: 'uri_file', allowed: 'uri_folder' }],
      hint: 'use type: uri_folder, or name the file',
    })
  if (spec.type === 'uri_folder' && isFile)
    throw new HaganeError('invalid', `data: path: ${spec.name} is of type uri_folder, but the path is a file`, {
      details: [{ property: 'type', message: 'does not fit the path', sent: 'uri_folder', allowed: 'uri_file' }],
      hint: 'use type: uri_file',
    })
  if (spec.type === 'mltable' && !subtree(manifest, content.path).some(entry => entry.path === 'MLTable'))
    throw new HaganeError(
      'invalid',
      `data: path: ${spec.name} is of type mltable, but there is no file named MLTable in the folder`,
      { hint: 'add an MLTable file, or use type: uri_folder' },
    )
}

function toResource(asset: Asset<StoredSpec>): DataAsset {
  const { content, type, path, grows } = asset.spec
  return {
    ...assetFieldsOf(asset),
    type,
    path: path.startsWith('hagane://') ? treeUri(content.tree, content.path) : path,
    ...(grows === true ? {} : { size: content.size, file_count: content.fileCount }),
  }
}
