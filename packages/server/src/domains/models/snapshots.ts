import { HaganeError, type TreeEntry } from '@hagane/contract'
import { type BlobStore, subtree } from '../../kernel/blobs/index.ts'
import type { Database, Who } from '../../kernel/db/index.ts'
import { type ArtifactMount, artifactUri, pathOfUri, type Tracking, unescaped } from '../tracking/index.ts'
import { findVersion, type VersionRow } from './reads.ts'
import { updateVersion } from './store.ts'
import { readsOf, writesOf } from './tables.ts'

/** The files of a version: a tree by digest, so that they never change. */
export interface Snapshot {
  tree: string
  /** Empty for a folder; the file's name when the version is one file. */
  path: string
  size: number
  fileCount: number
  type: 'mlflow_model' | 'custom_model'
}

const REMEMBERED = 32

/** Where clients find the files of a version. */
export const versionUri = (name: string, version: string): string => artifactUri(`models/${name}/${version}`)

export function buildSnapshots(db: Database, blobs: BlobStore, tracking: Tracking) {
  const manifests = new Map<string, readonly TreeEntry[]>()
  const entriesOf = async (tree: string): Promise<readonly TreeEntry[]> => {
    const known = manifests.get(tree)
    if (known !== undefined) return known
    const { entries } = await blobs.getTree(tree)
    if (manifests.size >= REMEMBERED) manifests.delete(manifests.keys().next().value ?? '')
    manifests.set(tree, entries)
    return entries
  }
  /** A snapshot of content that is stored already: a folder of a tree becomes a tree of its own. */
  const of = async (tree: string, path: string): Promise<Snapshot> => {
    const all = await entriesOf(tree)
    const isFile = path !== '' && all.some(entry => entry.path === path)
    const entries = path === '' ? all : subtree({ entries: [...all] }, path)
    if (entries.length === 0) throw new HaganeError('not_found', `no '${path}' in tree ${tree}`)
    const { digest, size, fileCount } = await blobs.putTree(entries)
    return { tree: digest, path: isFile ? (entries[0]?.path ?? '') : '', size, fileCount, type: typeOf(entries) }
  }
  /** The files at a location of our artifact space; undefined elsewhere, or while nothing is there yet. */
  const take = async (who: Who, location: string): Promise<Snapshot | undefined> => {
    if (!isOurs(location)) return undefined
    const found = await tracking.artifacts.treeUnder(who, location, '').catch(orNothing)
    return found === undefined ? undefined : of(found.tree, found.path)
  }
  /** A version with its snapshot; takes it now when the files could not be read before. */
  const ensure = async (who: Who, row: VersionRow): Promise<VersionRow> => {
    if (row.tree !== null) return row
    const snapshot = await take(who, row.storage_location)
    if (snapshot === undefined) return row
    return db.withTransaction({ workspace: row.workspace, actor: who.actor }, async tx => {
      const current = await findVersion(writesOf(tx), row.workspace, row.name, row.version)
      if (current === undefined || current.tree !== null) return current ?? row
      const { tree, path, size, fileCount, type } = snapshot
      await updateVersion(tx, current, { tree, path, size, file_count: fileCount, type }, false)
      tx.append({
        type: 'dev.hagane.model.version-snapshot',
        subject: `model/${row.name}:${row.version}`,
        data: { name: row.name, version: row.version, tree },
      })
      return { ...current, tree, path, size, file_count: fileCount, type }
    })
  }
  return { of, take, ensure, entriesOf, mount: mountOf(db, ensure, entriesOf) }
}
export type Snapshots = ReturnType<typeof buildSnapshots>

/** A folder with a file MLmodel is an MLflow model. */
const typeOf = (entries: readonly TreeEntry[]): Snapshot['type'] =>
  entries.some(entry => entry.path === 'MLmodel') ? 'mlflow_model' : 'custom_model'

/** A location without an authority is in our artifact space; one that is not safe as a path is kept, but never read. */
function isOurs(location: string): boolean {
  if (location.startsWith('mlflow-artifacts://')) return false
  try {
    return pathOfUri(location) !== undefined
  } catch {
    return false
  }
}

function orNothing(error: unknown): undefined {
  if (error instanceof HaganeError && error.kind === 'not_found') return undefined
  throw error
}

/** Serves `mlflow-artifacts:/models/<name>/<version>/…` from the snapshots. */
function mountOf(
  db: Database,
  ensure: (who: Who, row: VersionRow) => Promise<VersionRow>,
  entriesOf: (tree: string) => Promise<readonly TreeEntry[]>,
): ArtifactMount {
  const locate = async (
    who: Who,
    path: string,
  ): Promise<{ entries: readonly TreeEntry[]; inside: string } | undefined> => {
    for (const spelled of new Set([path, unescaped(path)])) {
      const [name = '', version = '', ...rest] = spelled.split('/')
      const row = await findVersion(readsOf(db), who.workspace, name, version)
      if (row === undefined) continue
      const { tree } = await ensure(who, row)
      return tree === null ? undefined : { entries: await entriesOf(tree), inside: rest.join('/') }
    }
    return undefined
  }
  return {
    async find(who, path) {
      const found = await locate(who, path)
      return found?.entries.find(entry => entry.path === found.inside)
    },
    async list(who, path) {
      const found = await locate(who, path)
      if (found === undefined) return []
      const prefix = found.inside === '' ? '' : `${found.inside}/`
      const listed = new Map<string, { name: string; isFolder: boolean; size: number }>()
      for (const entry of found.entries) {
        if (!entry.path.startsWith(prefix)) continue
        const [name = '', ...rest] = entry.path.slice(prefix.length).split('/')
        const isFolder = rest.length > 0
        if (!listed.has(name)) listed.set(name, { name, isFolder, size: isFolder ? 0 : entry.size })
      }
      return [...listed.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    async below(who, path) {
      const found = await locate(who, path)
      return found === undefined ? [] : subtree({ entries: [...found.entries] }, found.inside)
    },
  }
}
