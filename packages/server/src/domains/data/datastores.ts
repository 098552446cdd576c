import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type DatastoreResource, type DatastoreSpec, HaganeError, isSafeTreePath } from '@hagane/contract'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import type { Database, Who } from '../../kernel/db/index.ts'
import type { Secrets } from '../../kernel/secrets.ts'
import { findDatastore, listDatastores } from './datastore-reads.ts'
import { datastoreResourceOf, joinSecrets, splitSecrets, type UsableSpec, usableSpec } from './datastore-spec.ts'
import { deleteDatastore, putDatastore } from './datastore-store.ts'
import { readFolder, writeFolder } from './folder-content.ts'
import { readObjects, writeObjects } from './object-content.ts'
import type { StoredContent } from './stored-content.ts'
import { openAzureBlob } from './stores/azure-blob.ts'
import { openHttps } from './stores/https.ts'
import type { ObjectStore } from './stores/object-store.ts'
import { openS3 } from './stores/s3.ts'

export const DEFAULT_DATASTORE = 'workspaceblobstore'
const builtIn = [DEFAULT_DATASTORE, 'workspaceartifactstore', 'workspaceworkingdirectory', 'workspacefilestore']

/** The datastores every Azure ML workspace has, as folders of the data folder, and those that were created. */
export interface Datastores {
  list(workspace: string): Promise<DatastoreResource[]>
  /** Throws not_found. */
  get(workspace: string, name: string): Promise<DatastoreResource>
  /** Creates or replaces; credentials are sealed before they are stored. Throws unsupported for storage that is not spoken here. */
  put(who: Who, spec: DatastoreSpec): Promise<DatastoreResource>
  delete(who: Who, name: string): Promise<void>
  prepare(workspace: string): Promise<void>
  /** Throws not_found when there is no such datastore, invalid when the path leads out of it. */
  check(workspace: string, name: string, path: string): Promise<void>
  /** Takes a snapshot of a file or folder as it is now. Throws not_found. */
  snapshot(workspace: string, name: string, path: string): Promise<StoredContent>
  /** Writes a tree's files below a folder, or one file of it to a file path; what else is there stays. */
  write(workspace: string, name: string, path: string, content: { tree: string; path: string }): Promise<void>
}

interface Deps {
  db: Database
  blobs: BlobStore
  secrets: Secrets
  dataDir: string
  allowPrivateUrls: boolean
}
type Place = { kind: 'folder'; root: string } | { kind: 'objects'; store: ObjectStore; prefix: string }

export function buildDatastores(deps: Deps): Datastores {
  const { db, blobs } = deps
  const get = async (workspace: string, name: string) => {
    if (builtIn.includes(name)) return builtInResource(deps, workspace, name)
    const row = await findDatastore(db, workspace, name)
    if (row === undefined) throw await unknownDatastore(db, workspace, name)
    return datastoreResourceOf(row)
  }
  const place = (workspace: string, name: string) => placeOf(deps, workspace, name)
  return {
    get,
    list: async workspace => [
      ...builtIn.map(name => builtInResource(deps, workspace, name)),
      ...(await listDatastores(db, workspace)).map(datastoreResourceOf),
    ],
    put: (who, spec) => put(deps, who, spec).then(() => get(who.workspace, spec.name)),
    delete: (who, name) => remove(db, who, name),
    check: async (workspace, name, path) => {
      await get(workspace, name)
      safePath(path)
    },
    // scripts expect the folder that earlier jobs of a workspace have written to
    prepare: async workspace =>
      void (await mkdir(join(folderOf(deps, workspace, DEFAULT_DATASTORE), 'azureml'), { recursive: true })),
    async snapshot(workspace, name, path) {
      const at = await place(workspace, name)
      const uri = `azureml://datastores/${name}/paths/${path}`
      if (at.kind === 'folder') return readFolder(blobs, at.root, uri, safePath(path))
      return readObjects(blobs, at.store, uri, at.prefix, safePath(path))
    },
    async write(workspace, name, path, content) {
      const at = await place(workspace, name)
      if (at.kind === 'folder') return writeFolder(blobs, at.root, safePath(path), content)
      await writeObjects(blobs, at.store, at.prefix + safePath(path), content)
    },
  }
}

const folderOf = ({ dataDir }: Deps, workspace: string, name: string): string =>
  join(dataDir, 'datastores', workspace, name)

const builtInResource = (deps: Deps, workspace: string, name: string): DatastoreResource => ({
  id: `azureml://datastores/${name}`,
  name,
  type: 'local_folder',
  description: 'A folder of the server',
  tags: {},
  path: folderOf(deps, workspace, name),
  is_default: name === DEFAULT_DATASTORE,
})

async function unknownDatastore(db: Database, workspace: string, name: string): Promise<HaganeError> {
  const created = (await listDatastores(db, workspace)).map(row => row.name)
  return new HaganeError('not_found', `no datastore '${name}' in workspace ${workspace}`, {
    hint: `datastores: ${[...builtIn, ...created].join(', ')}; \`hagane datastore create -f FILE\` makes one`,
  })
}

async function placeOf(deps: Deps, workspace: string, name: string): Promise<Place> {
  if (builtIn.includes(name)) return { kind: 'folder', root: folderOf(deps, workspace, name) }
  const row = await findDatastore(deps.db, workspace, name)
  if (row === undefined) throw await unknownDatastore(deps.db, workspace, name)
  return openPlace(joinSecrets(row, deps.secrets.open), deps.allowPrivateUrls)
}

function openPlace(spec: UsableSpec, allowPrivate: boolean): Place {
  switch (spec.type) {
    case 'local':
      return { kind: 'folder', root: spec.path }
    case 's3': {
      const prefix = spec.prefix.replace(/^\/+|\/+$/g, '')
      return { kind: 'objects', store: openS3(spec, allowPrivate), prefix: prefix === '' ? '' : `${prefix}/` }
    }
    case 'azure_blob':
      return { kind: 'objects', store: openAzureBlob(spec, allowPrivate), prefix: '' }
    case 'https':
      return { kind: 'objects', store: openHttps(spec, allowPrivate), prefix: '' }
  }
}

async function put({ db, secrets, dataDir }: Deps, who: Who, given: DatastoreSpec): Promise<void> {
  if (builtIn.includes(given.name))
    throw new HaganeError('conflict', `every workspace has the datastore ${given.name}; it cannot be changed`, {
      hint: 'choose another name',
    })
  const { plain, secret } = splitSecrets(usableSpec(given, dataDir))
  const known = await findDatastore(db, who.workspace, given.name)
  await db.withTransaction(who, async tx => {
    const sealed = secret === undefined ? null : secrets.seal(secret)
    await putDatastore(tx, { name: given.name, spec: JSON.stringify(plain), sealed })
    tx.append({
      type: `dev.hagane.datastore.${known === undefined ? 'created' : 'updated'}`,
      subject: `datastore/${given.name}`,
      data: { name: given.name, type: plain.type, credentials: plain.credentialKind ?? null },
    })
  })
}

async function remove(db: Database, who: Who, name: string): Promise<void> {
  if (builtIn.includes(name)) throw new HaganeError('conflict', `every workspace has the datastore ${name}`)
  await db.withTransaction(who, async tx => {
    if (!(await deleteDatastore(tx, name))) throw await unknownDatastore(db, who.workspace, name)
    tx.append({ type: 'dev.hagane.datastore.deleted', subject: `datastore/${name}`, data: { name } })
  })
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
