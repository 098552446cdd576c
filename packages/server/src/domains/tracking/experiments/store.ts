import type { Tx } from '../../../kernel/db/index.ts'
import { type TrackingTables, writesOf } from '../tables.ts'
import type { KeyValue } from '../wire/names.ts'
import type { ExperimentRow } from './reads.ts'

/** Inserts an experiment of the transaction's workspace; without an id it gets the next one. Undefined when the name is taken. */
export async function insertExperiment(
  tx: Tx,
  values: { name: string; artifactLocation: string; experimentId?: number },
): Promise<ExperimentRow | undefined> {
  const now = tx.now.getTime()
  return writesOf(tx)
    .insertInto('experiments')
    .values({
      ...(values.experimentId === undefined ? {} : { experiment_id: values.experimentId }),
      workspace: tx.who.workspace,
      name: values.name,
      artifact_location: values.artifactLocation,
      lifecycle_stage: 'active',
      creation_time: now,
      last_update_time: now,
      created_by: tx.who.actor,
    })
    .onConflict(conflict => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
}

export async function updateExperiment(
  tx: Tx,
  experimentId: number,
  change: Partial<Pick<TrackingTables['experiments'], 'name' | 'lifecycle_stage' | 'artifact_location'>>,
): Promise<void> {
  await writesOf(tx)
    .updateTable('experiments')
    .set({ ...change, last_update_time: tx.now.getTime() })
    .where('experiment_id', '=', experimentId)
    .execute()
}

export async function upsertExperimentTags(tx: Tx, experimentId: number, tags: readonly KeyValue[]): Promise<void> {
  const last = [...new Map(tags.map(tag => [tag.key, tag])).values()]
  if (last.length === 0) return
  await writesOf(tx)
    .insertInto('experiment_tags')
    .values(last.map(({ key, value }) => ({ experiment_id: experimentId, key, value })))
    .onConflict(conflict =>
      conflict.columns(['experiment_id', 'key']).doUpdateSet(({ ref }) => ({ value: ref('excluded.value') })),
    )
    .execute()
}

/** False when there was no such tag. */
export async function deleteExperimentTag(tx: Tx, experimentId: number, key: string): Promise<boolean> {
  const { numDeletedRows } = await writesOf(tx)
    .deleteFrom('experiment_tags')
    .where('experiment_id', '=', experimentId)
    .where('key', '=', key)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** All runs of an experiment follow it into deletion and back. */
export async function moveRuns(tx: Tx, experimentId: number, stage: 'active' | 'deleted'): Promise<void> {
  await writesOf(tx)
    .updateTable('runs')
    .set({ lifecycle_stage: stage, deleted_time: stage === 'deleted' ? tx.now.getTime() : null })
    .where('experiment_id', '=', experimentId)
    .where('lifecycle_stage', '=', stage === 'deleted' ? 'active' : 'deleted')
    .execute()
}
