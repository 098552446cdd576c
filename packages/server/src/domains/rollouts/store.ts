import { type Database, lockUntilCommit, type Tx } from '../../kernel/db/index.ts'
import { created, modified } from '../../kernel/stamps.ts'
import type { MeasurementRow, RolloutRow, RolloutTables } from './tables.ts'

const on = (tx: Tx) => tx.db.withTables<RolloutTables>()

/** The row as it is now, nobody else moving it. */
export async function rolloutForUpdate(tx: Tx, name: string): Promise<RolloutRow | undefined> {
  await lockUntilCommit(tx, `rollouts/${tx.who.workspace}/${name}`)
  return on(tx)
    .selectFrom('rollouts')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .executeTakeFirst()
}

/** The rollout that holds an endpoint. */
export const holderOf = (tx: Tx, endpoint: string): Promise<RolloutRow | undefined> =>
  on(tx)
    .selectFrom('rollouts')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('holds', '=', endpoint)
    .executeTakeFirst()

export const rolloutOfKey = (tx: Tx, key: string): Promise<RolloutRow | undefined> =>
  on(tx)
    .selectFrom('rollouts')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('idempotency', '=', key)
    .executeTakeFirst()

type Content = Omit<
  RolloutRow,
  'workspace' | 'seq' | 'revision' | 'created_at' | 'created_by' | 'modified_at' | 'modified_by'
>

export async function insertRollout(tx: Tx, content: Content): Promise<void> {
  await lockUntilCommit(tx, 'rollouts')
  const newest = await on(tx)
    .selectFrom('rollouts')
    .select(({ fn }) => fn.max('seq').as('seq'))
    .executeTakeFirst()
  await on(tx)
    .insertInto('rollouts')
    .values({ ...content, seq: Number(newest?.seq ?? 0) + 1, workspace: tx.who.workspace, ...created(tx) })
    .execute()
}

export async function changeRollout(tx: Tx, row: RolloutRow, change: Partial<Content>): Promise<void> {
  await on(tx)
    .updateTable('rollouts')
    .set({ ...change, ...modified(tx, row) })
    .where('workspace', '=', row.workspace)
    .where('name', '=', row.name)
    .execute()
}

/** The caller holds the rollout, so that its measurements are numbered one after the other. */
export async function insertMeasurements(
  tx: Tx,
  row: RolloutRow,
  measurements: readonly Omit<MeasurementRow, 'rollout_id' | 'seq' | 'time'>[],
): Promise<void> {
  if (measurements.length === 0) return
  const newest = await on(tx)
    .selectFrom('rollout_measurements')
    .select(({ fn }) => fn.max('seq').as('seq'))
    .where('rollout_id', '=', row.id)
    .executeTakeFirst()
  const first = Number(newest?.seq ?? 0) + 1
  const time = tx.now.toISOString()
  const rows = measurements.map((one, i) => ({ ...one, rollout_id: row.id, seq: first + i, time }))
  await on(tx).insertInto('rollout_measurements').values(rows).execute()
}

export async function deleteRollout(tx: Tx, row: RolloutRow): Promise<void> {
  await on(tx).deleteFrom('rollout_measurements').where('rollout_id', '=', row.id).execute()
  await on(tx).deleteFrom('rollouts').where('workspace', '=', row.workspace).where('name', '=', row.name).execute()
}

/** When it is looked at next; it did not change, so its revision stays. Nothing when somebody moved it meanwhile. */
export async function postponeLook(db: Database, row: RolloutRow, nextLook: number | undefined): Promise<void> {
  await db.relaxed(tx =>
    tx
      .withTables<RolloutTables>()
      .updateTable('rollouts')
      .set({ next_look: nextLook ?? null })
      .where('id', '=', row.id)
      .where('revision', '=', row.revision)
      .execute(),
  )
}
