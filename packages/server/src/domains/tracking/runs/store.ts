import { sql } from 'kysely'
import type { Tx } from '../../../kernel/db/index.ts'
import { type TrackingTables, writesOf } from '../tables.ts'
import type { KeyValue } from '../wire/names.ts'
import type { RunRow } from './reads.ts'

export type NewRun = Pick<
  TrackingTables['runs'],
  'run_id' | 'experiment_id' | 'run_name' | 'user_id' | 'status' | 'start_time' | 'artifact_uri'
>

export async function insertRun(tx: Tx, run: NewRun): Promise<RunRow> {
  return writesOf(tx)
    .insertInto('runs')
    .values({
      ...run,
      workspace: tx.who.workspace,
      end_time: null,
      lifecycle_stage: 'active',
      deleted_time: null,
      created_by: tx.who.actor,
      seal: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function updateRun(
  tx: Tx,
  runNo: number,
  change: Partial<
    Pick<
      TrackingTables['runs'],
      'run_name' | 'status' | 'end_time' | 'start_time' | 'lifecycle_stage' | 'deleted_time' | 'seal'
    >
  >,
): Promise<void> {
  if (Object.keys(change).length === 0) return
  await writesOf(tx).updateTable('runs').set(change).where('run_no', '=', runNo).execute()
}

/** Sets tags; the last of several with one key wins. */
export async function upsertTags(tx: Tx, runNo: number, tags: readonly KeyValue[]): Promise<void> {
  const last = [...new Map(tags.map(tag => [tag.key, tag])).values()]
  if (last.length === 0) return
  await writesOf(tx)
    .insertInto('tags')
    .values(last.map(({ key, value }) => ({ run_no: runNo, key, value })))
    .onConflict(conflict =>
      conflict.columns(['run_no', 'key']).doUpdateSet(({ ref }) => ({ value: ref('excluded.value') })),
    )
    .execute()
}

/** False when there was no such tag. */
export async function deleteTag(tx: Tx, runNo: number, key: string): Promise<boolean> {
  const { numDeletedRows } = await writesOf(tx)
    .deleteFrom('tags')
    .where('run_no', '=', runNo)
    .where('key', '=', key)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** Inserts params that are not there yet; answers what is stored now under those keys, if anything was there before. */
export async function insertParams(tx: Tx, runNo: number, params: readonly KeyValue[]): Promise<KeyValue[]> {
  if (params.length === 0) return []
  const { numInsertedOrUpdatedRows = 0n } = await writesOf(tx)
    .insertInto('params')
    .values(params.map(({ key, value }) => ({ run_no: runNo, key, value })))
    .onConflict(conflict => conflict.doNothing())
    .executeTakeFirst()
  if (Number(numInsertedOrUpdatedRows) === params.length) return []
  return writesOf(tx)
    .selectFrom('params')
    .select(['key', 'value'])
    .where('run_no', '=', runNo)
    .where(
      'key',
      'in',
      params.map(({ key }) => key),
    )
    .execute()
}

/** Copies params, data sets and models of one run to another that has none of its own under the same keys. */
export async function copyRunFacts(tx: Tx, from: number, to: number): Promise<void> {
  const db = writesOf(tx)
  const copies = [
    sql`insert into params (run_no, key, value) select ${sql.val(to)}, key, value from params where run_no = ${from} on conflict do nothing`,
    sql`insert into run_datasets (run_no, dataset_no, position, context, tags) select ${sql.val(to)}, dataset_no, position, context, tags from run_datasets where run_no = ${from} on conflict do nothing`,
    sql`insert into run_models (run_no, direction, model_id, step) select ${sql.val(to)}, direction, model_id, step from run_models where run_no = ${from} on conflict do nothing`,
  ]
  for (const copy of copies) await copy.execute(db)
}
