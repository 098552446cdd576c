import { HaganeError, type ModelAsset, type ShareTarget, treeUri } from '@hagane/contract'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import type { BaseCall } from '../../kernel/http/index.ts'
import { type RequireRegistry, type SharedFrom, writerIn } from '../assets/index.ts'
import { addStored } from './assets.ts'
import { findVersion, type VersionRow, withDetails } from './reads.ts'
import type { Snapshots } from './snapshots.ts'
import { readsOf, writesOf } from './tables.ts'
import { appendVersionEvent } from './versions.ts'

interface Deps {
  db: Database
  snapshots: Snapshots
  requireRegistry: RequireRegistry
}
interface Share {
  name: string
  version: string
  target: ShareTarget
  find(who: Who, name: string, version: string): Promise<VersionRow>
  resource(row: VersionRow): Promise<ModelAsset>
}

/** A version of this workspace as one of a registry: the same files by digest, and the event that tells where it came from. */
export async function shareModel(
  { db, snapshots, requireRegistry }: Deps,
  call: BaseCall,
  { name, version, target, find, resource }: Share,
): Promise<ModelAsset> {
  const who = await writerIn(requireRegistry, call, 'model.write', target.registry_name)
  const row = await snapshots.ensure(call, await find(call, name, version))
  if (row.tree === null)
    throw new HaganeError('not_found', `the files of model ${name}:${row.version} are not in this server's store`, {
      hint: `they are at ${row.source}; upload them with \`hagane model create\``,
    })
  const [full] = await withDetails(readsOf(db), db.dialect, [row])
  const tags = Object.fromEntries((full?.tags ?? []).map(({ key, value }) => [key, value]))
  const shared = await db.withTransaction(who, tx => put(tx, row, row.tree ?? '', tags, target))
  return resource(shared)
}

async function put(
  tx: Tx,
  row: VersionRow,
  tree: string,
  tags: Record<string, string>,
  target: ShareTarget,
): Promise<VersionRow> {
  const { name = row.name, version = row.version } = target
  const before = await findVersion(writesOf(tx), tx.who.workspace, name, version)
  // the same again changes nothing
  if (before !== undefined && before.tree === tree && before.path === row.path && before.type === row.type)
    return before
  const { path, size, file_count, type, run_id, job_name, description, flavors } = row
  const added = await addStored(tx, {
    name,
    version,
    type,
    snapshot: { tree, path: path ?? '', size: size ?? 0, fileCount: file_count ?? 0, type: type as 'custom_model' },
    source: treeUri(tree, path ?? ''),
    ...(run_id === null ? {} : { runId: run_id }),
    ...(job_name === null ? {} : { jobName: job_name }),
    ...(description === null ? {} : { description }),
    ...(flavors === null ? {} : { flavors: JSON.parse(flavors) as Record<string, unknown> }),
    properties: JSON.parse(row.properties) as Record<string, string>,
    tags,
  })
  const from: SharedFrom = { workspace: row.workspace, name: row.name, version: row.version }
  appendVersionEvent(tx, 'version-shared', added, { tree, shared_from: from })
  return added
}
