import type { Tx } from '../../../kernel/db/index.ts'
import { type TrackingTables, writesOf } from '../tables.ts'
import type { KeyValue } from '../wire/names.ts'
import type { LoggedModelRow } from './reads.ts'

export async function insertLoggedModel(
  tx: Tx,
  values: Pick<
    TrackingTables['logged_models'],
    'model_id' | 'experiment_id' | 'name' | 'model_type' | 'source_run_id' | 'artifact_uri'
  >,
): Promise<LoggedModelRow> {
  const now = tx.now.getTime()
  return writesOf(tx)
    .insertInto('logged_models')
    .values({
      ...values,
      workspace: tx.who.workspace,
      status: 'PENDING',
      status_message: null,
      lifecycle_stage: 'active',
      creation_timestamp: now,
      last_updated_timestamp: now,
      created_by: tx.who.actor,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function updateLoggedModel(
  tx: Tx,
  modelId: string,
  change: Partial<Pick<TrackingTables['logged_models'], 'status' | 'lifecycle_stage'>>,
): Promise<void> {
  await writesOf(tx)
    .updateTable('logged_models')
    .set({ ...change, last_updated_timestamp: tx.now.getTime() })
    .where('model_id', '=', modelId)
    .execute()
}

export async function insertModelParams(tx: Tx, modelId: string, params: readonly KeyValue[]): Promise<void> {
  if (params.length === 0) return
  await writesOf(tx)
    .insertInto('logged_model_params')
    .values(params.map(({ key, value }) => ({ model_id: modelId, key, value })))
    .execute()
}

export async function upsertModelTags(tx: Tx, modelId: string, tags: readonly KeyValue[]): Promise<void> {
  const last = [...new Map(tags.map(tag => [tag.key, tag])).values()]
  if (last.length === 0) return
  await writesOf(tx)
    .insertInto('logged_model_tags')
    .values(last.map(({ key, value }) => ({ model_id: modelId, key, value })))
    .onConflict(conflict =>
      conflict.columns(['model_id', 'key']).doUpdateSet(({ ref }) => ({ value: ref('excluded.value') })),
    )
    .execute()
}

/** False when there was no such tag. */
export async function deleteModelTag(tx: Tx, modelId: string, key: string): Promise<boolean> {
  const { numDeletedRows } = await writesOf(tx)
    .deleteFrom('logged_model_tags')
    .where('model_id', '=', modelId)
    .where('key', '=', key)
    .executeTakeFirst()
  return numDeletedRows > 0n
}
