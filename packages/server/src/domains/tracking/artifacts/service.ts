import type { Readable } from 'node:stream'
import type { TreeEntry } from '@hagane/contract'
import type { BlobStore } from '../../../kernel/blobs/index.ts'
import type { Database, Tx, Who } from '../../../kernel/db/index.ts'
import { pathOfUri } from '../artifact-space/locations.ts'
import { checkedArtifactPath } from '../artifact-space/paths.ts'
import { requireRun } from '../runs/logging.ts'
import { findRun } from '../runs/reads.ts'
import { readsOf, writesOf } from '../tables.ts'
import { invalidParameter, MlflowError, notFound } from '../wire/mlflow-error.ts'
import { listOut } from '../wire/response.ts'
import { clashes, filesBelow, findFile, type Listed, listFolder } from './reads.ts'
import { type ArtifactFile, deleteFiles, upsertFiles } from './store.ts'

/** Serves a folder of the artifact space that does not live in `artifact_files`, read-only. Paths are relative to the folder. */
export interface ArtifactMount {
  find(who: Who, path: string): Promise<{ digest: string; size: number } | undefined>
  list(who: Who, path: string): Promise<Listed[]>
  below(who: Who, path: string): Promise<TreeEntry[]>
}

/** Artifacts of runs and logged models: names in the database, bytes in the blob store. */
export function buildArtifacts(db: Database, blobs: BlobStore) {
  const mounts = new Map<string, ArtifactMount>()
  const mounted = (path: string) => {
    const [root = '', ...rest] = path.split('/')
    const mount = mounts.get(root)
    return mount === undefined ? undefined : { mount, path: rest.join('/') }
  }
  const refuseMounted = (path: string): void => {
    if (mounted(path) !== undefined)
      throw new MlflowError('PERMISSION_DENIED', `Files of registered model versions cannot be changed: '${path}'.`)
  }
  const service = {
    blobs,
    mount: (root: string, mount: ArtifactMount): void => void mounts.set(root, mount),
    /** The content under a path; throws not_found. */
    async find(who: Who, path: string): Promise<{ digest: string; size: number }> {
      const other = mounted(path)
      const file =
        other === undefined ? await findFile(readsOf(db), who.workspace, path) : await other.mount.find(who, other.path)
      if (file === undefined) throw notFound(`No such artifact: '${path}'`)
      return file
    },
    list(who: Who, path: string): Promise<Listed[]> {
      const other = mounted(path)
      return other === undefined
        ? listFolder(readsOf(db), db.dialect, who.workspace, path)
        : other.mount.list(who, other.path)
    },
    /** Every file below a folder, or the one file that a path names. */
    async below(who: Who, path: string): Promise<TreeEntry[]> {
      const other = mounted(path)
      if (other !== undefined) return other.mount.below(who, other.path)
      const file = path === '' ? undefined : await findFile(readsOf(db), who.workspace, path)
      if (file !== undefined) return [{ ...file, path: path.slice(path.lastIndexOf('/') + 1) }]
      return filesBelow(readsOf(db), who.workspace, path)
    },
    /** Stores a stream under a path, replacing what was there. Nothing of it is held in memory. */
    async put(who: Who, path: string, stream: Readable): Promise<void> {
      refuseMounted(path)
      const { digest, size } = await blobs.put(stream)
      await db.withTransaction(who, async tx => {
        const other = await clashes(writesOf(tx), tx.dialect, who.workspace, path)
        if (other !== undefined)
          throw invalidParameter(`'${path}' cannot be stored: '${other}' is there, and a path is a file or a folder.`)
        await upsertFiles(tx, [{ path, digest, size }])
        await noteAmendment(tx, path, { path, digest })
      })
    },
    /** Stores a stream below a location that is ours. */
    async putUnder(who: Who, location: string, path: string, stream: Readable): Promise<void> {
      const root = pathOfUri(location)
      if (root === undefined)
        throw invalidParameter(`The artifacts are at '${location}', which this server does not write.`)
      await service.put(who, joined(root, path), stream)
    },
    async remove(who: Who, path: string): Promise<void> {
      refuseMounted(path)
      await db.withTransaction(who, async tx => {
        const files = await deleteFiles(tx, path)
        if (files > 0)
          tx.append({ type: 'dev.hagane.artifact.deleted', subject: `artifact/${path}`, data: { path, files } })
      })
    },
    /** `{root_uri, files}` of a folder below a location, with paths relative to it; foreign locations are the client's to list. */
    async listUnder(who: Who, location: string, path: string) {
      const root = pathOfUri(location)
      const inside = checkedArtifactPath(path, true)
      const listed = root === undefined ? [] : await service.list(who, joined(root, inside))
      return { root_uri: location, files: listOut(listed.map(item => fileInfo(item, inside))) }
    },
    /** The content of a file below a location that is ours. */
    findUnder(who: Who, location: string, path: string): Promise<{ digest: string; size: number }> {
      const root = pathOfUri(location)
      if (root === undefined)
        throw invalidParameter(`The artifacts are at '${location}', which this server does not read.`)
      return service.find(who, joined(root, checkedArtifactPath(path)))
    },
    /**
     * Content at a location and a path below it as a tree. A single file becomes a tree of one entry, and `path` names it.
     * Throws not_found when nothing is there.
     */
    async treeUnder(who: Who, location: string, path: string): Promise<{ tree: string; path: string }> {
      const root = pathOfUri(location)
      if (root === undefined) throw notFound(`The artifacts are at '${location}', which this server does not read.`)
      const full = joined(root, checkedArtifactPath(path, true))
      const entries = await service.below(who, full)
      if (entries.length === 0) throw notFound(`No such artifact: '${full}'`)
      const { digest } = await blobs.putTree(entries.map(({ path, digest, size }) => ({ path, digest, size })))
      const [first] = entries
      const isFile = full !== '' && (await isFileAt(who, full))
      return { tree: digest, path: isFile ? (first?.path ?? '') : '' }
    },
    async runLocation(who: Who, runId: string): Promise<string> {
      const run = await findRun(readsOf(db), who.workspace, runId)
      if (run === undefined) throw notFound(`Run with id=${runId} not found`)
      return run.artifact_uri
    },
    /** Names files of a run whose bytes are stored already. */
    async putInRun(tx: Tx, runId: string, files: readonly ArtifactFile[]): Promise<void> {
      const run = await requireRun(tx, runId)
      const root = pathOfUri(run.artifact_uri)
      if (root === undefined)
        throw invalidParameter(
          `The artifacts of run ${runId} are at '${run.artifact_uri}', which this server does not write.`,
        )
      await upsertFiles(
        tx,
        files.map(file => ({ ...file, path: `${root}/${checkedArtifactPath(file.path)}` })),
      )
    },
  }
  const isFileAt = async (who: Who, path: string): Promise<boolean> =>
    service.find(who, path).then(
      () => true,
      () => false,
    )
  return service
}
export type Artifacts = ReturnType<typeof buildArtifacts>

const joined = (root: string, path: string): string => [root, path].filter(part => part !== '').join('/')

/** MLflow leaves the size of an empty file out. */
export const fileInfo = ({ name, isFolder, size }: Listed, folder = '') => ({
  path: joined(folder, name),
  is_dir: isFolder,
  file_size: isFolder || size === 0 ? undefined : size,
})

/** An artifact that is put after its run had been sealed is an event. */
async function noteAmendment(tx: Tx, path: string, data: { path: string; digest: string }): Promise<void> {
  const [, runId] = path.split('/')
  const run = runId === undefined ? undefined : await findRun(writesOf(tx), tx.who.workspace, runId)
  if (run?.seal == null || run.status === 'RUNNING') return
  tx.append({
    type: 'dev.hagane.run.amended',
    subject: `run/${run.run_id}`,
    data: { run_id: run.run_id, seal: run.seal, artifact: data },
  })
}
