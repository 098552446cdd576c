import type { Selectable } from 'kysely'
import type { Tx } from '../../kernel/db/index.ts'
import type { KeyValue } from '../tracking/index.ts'
import { type ModelTables, writesOf } from './tables.ts'

type Registered = ModelTables['registered_models']
type VersionRow = Selectable<ModelTables['model_versions']>

export async function insertRegistered(
  tx: Tx,
  model: { name: string; description: string | null; isPrompt: boolean; tags: readonly KeyValue[] },
): Promise<void> {
  const now = tx.now.getTime()
  await writesOf(tx)
    .insertInto('registered_models')
    .values({
      workspace: tx.who.workspace,
      name: model.name,
      description: model.description,
      is_prompt: model.isPrompt ? 1 : 0,
      last_version: 0,
      creation_timestamp: now,
      last_updated_timestamp: now,
      created_by: tx.who.actor,
    })
    .execute()
  await upsertRegisteredTags(tx, model.name, model.tags)
}

export async function updateRegistered(
  tx: Tx,
  name: string,
  change: Partial<Pick<Registered, 'name' | 'description' | 'is_prompt' | 'last_version'>> = {},
): Promise<void> {
  await writesOf(tx)
    .updateTable('registered_models')
    .set({ ...change, last_updated_timestamp: tx.now.getTime() })
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .execute()
}

/** Removes a model with its versions, tags and aliases. */
export async function deleteRegistered(tx: Tx, name: string): Promise<void> {
  await writesOf(tx)
    .deleteFrom('registered_models')
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .execute()
}

/** Takes the next number of a model; the row stays locked, so two creators never get the same. */
export async function nextVersionNumber(tx: Tx, name: string): Promise<number> {
  const row = await writesOf(tx)
    .updateTable('registered_models')
    .set(({ eb }) => ({ last_version: eb('last_version', '+', 1), last_updated_timestamp: tx.now.getTime() }))
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .returning('last_version')
    .executeTakeFirstOrThrow()
  return row.last_version
}

export async function upsertRegisteredTags(tx: Tx, name: string, tags: readonly KeyValue[]): Promise<void> {
  const last = [...new Map(tags.map(tag => [tag.key, tag])).values()]
  if (last.length === 0) return
  await writesOf(tx)
    .insertInto('registered_model_tags')
    .values(last.map(({ key, value }) => ({ workspace: tx.who.workspace, name, key, value })))
    .onConflict(conflict =>
      conflict.columns(['workspace', 'name', 'key']).doUpdateSet(({ ref }) => ({ value: ref('excluded.value') })),
    )
    .execute()
}

export async function deleteRegisteredTag(tx: Tx, name: string, key: string): Promise<void> {
  await writesOf(tx)
    .deleteFrom('registered_model_tags')
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .where('key', '=', key)
    .execute()
}

export type NewVersion = Pick<
  VersionRow,
  | 'name'
  | 'version'
  | 'version_number'
  | 'type'
  | 'source'
  | 'storage_location'
  | 'tree'
  | 'path'
  | 'size'
  | 'file_count'
  | 'run_id'
  | 'run_link'
  | 'model_id'
  | 'job_name'
  | 'description'
  | 'stage'
  | 'flavors'
  | 'properties'
>

export async function insertVersion(tx: Tx, version: NewVersion, tags: readonly KeyValue[]): Promise<VersionRow> {
  const now = tx.now.getTime()
  const row = await writesOf(tx)
    .insertInto('model_versions')
    .values({
      ...version,
      workspace: tx.who.workspace,
      archived: 0,
      revision: 1,
      creation_timestamp: now,
      last_updated_timestamp: now,
      created_by: tx.who.actor,
      modified_by: tx.who.actor,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  await upsertVersionTags(tx, row.version_no, tags)
  return row
}

/** Changes a version; `touch: false` leaves its time of update, as MLflow does for tags. */
export async function updateVersion(
  tx: Tx,
  row: Pick<VersionRow, 'version_no' | 'revision'>,
  change: Partial<
    Pick<
      VersionRow,
      'description' | 'stage' | 'tree' | 'path' | 'size' | 'file_count' | 'type' | 'properties' | 'archived'
    >
  >,
  touch = true,
): Promise<void> {
  await writesOf(tx)
    .updateTable('model_versions')
    .set({
      ...change,
      revision: row.revision + 1,
      modified_by: tx.who.actor,
      ...(touch ? { last_updated_timestamp: tx.now.getTime() } : {}),
    })
    .where('version_no', '=', row.version_no)
    .execute()
}

export async function deleteVersion(tx: Tx, row: Pick<VersionRow, 'version_no' | 'name' | 'version'>): Promise<void> {
  await writesOf(tx).deleteFrom('model_versions').where('version_no', '=', row.version_no).execute()
  await writesOf(tx)
    .deleteFrom('model_aliases')
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', row.name)
    .where('version', '=', row.version)
    .execute()
}

/** Moves every other version of a stage to the archive; their versions. */
export async function archiveStage(tx: Tx, name: string, stage: string, except: number): Promise<string[]> {
  const rows = await writesOf(tx)
    .updateTable('model_versions')
    .set(({ eb }) => ({
      stage: 'Archived',
      revision: eb('revision', '+', 1),
      last_updated_timestamp: tx.now.getTime(),
      modified_by: tx.who.actor,
    }))
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .where('stage', '=', stage)
    .where('version_no', '<>', except)
    .returning('version')
    .execute()
  return rows.map(row => row.version)
}

export async function upsertVersionTags(tx: Tx, versionNo: number, tags: readonly KeyValue[]): Promise<void> {
  const last = [...new Map(tags.map(tag => [tag.key, tag])).values()]
  if (last.length === 0) return
  await writesOf(tx)
    .insertInto('model_version_tags')
    .values(last.map(({ key, value }) => ({ version_no: versionNo, key, value })))
    .onConflict(conflict =>
      conflict.columns(['version_no', 'key']).doUpdateSet(({ ref }) => ({ value: ref('excluded.value') })),
    )
    .execute()
}

/** Removes one tag, or all of them without a key. */
export async function deleteVersionTags(tx: Tx, versionNo: number, key?: string): Promise<void> {
  const query = writesOf(tx).deleteFrom('model_version_tags').where('version_no', '=', versionNo)
  await (key === undefined ? query : query.where('key', '=', key)).execute()
}

export async function upsertAlias(tx: Tx, name: string, alias: string, version: string): Promise<void> {
  await writesOf(tx)
    .insertInto('model_aliases')
    .values({ workspace: tx.who.workspace, name, alias, version })
    .onConflict(conflict => conflict.columns(['workspace', 'name', 'alias']).doUpdateSet({ version }))
    .execute()
}

/** The version that the alias pointed at, if it existed. */
export async function deleteAlias(tx: Tx, name: string, alias: string): Promise<string | undefined> {
  const row = await writesOf(tx)
    .deleteFrom('model_aliases')
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .where('alias', '=', alias)
    .returning('version')
    .executeTakeFirst()
  return row?.version
}
