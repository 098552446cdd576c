import { type RawBuilder, sql } from 'kysely'
import type { Dialect, Tx } from '../../../kernel/db/index.ts'
import { amongNumbers } from '../search/reads.ts'
import { writesOf } from '../tables.ts'
import type { Point } from './segments.ts'

/** Appends a segment and marks it as not yet folded in. */
export async function appendSegment(tx: Tx, runNo: number, points: number, data: Uint8Array): Promise<void> {
  const db = writesOf(tx)
  const row = await db
    .insertInto('metric_segments')
    .values({ run_no: runNo, points, data })
    .returning('segment_id')
    .executeTakeFirstOrThrow()
  await db.insertInto('metric_tail').values({ segment_id: row.segment_id, run_no: runNo }).execute()
}

const lock: Record<Dialect, (runNo: number) => RawBuilder<unknown>> = {
  sqlite: () => sql`select 1`,
  postgres: runNo => sql`select 1 from runs where run_no = ${runNo} for no key update`,
}

/** Keeps other folds of the same run out until the transaction ends; SQLite has one writer anyway. */
export async function lockFolding(tx: Tx, runNo: number): Promise<void> {
  await lock[tx.dialect](runNo).execute(writesOf(tx))
}

/** Replaces segments by one that holds their points in the same order, under the number of the first. */
export async function mergeSegments(
  tx: Tx,
  segmentIds: readonly number[],
  points: number,
  data: Uint8Array,
): Promise<void> {
  const [first, ...rest] = segmentIds
  if (first === undefined) return
  const db = writesOf(tx)
  await db.updateTable('metric_segments').set({ points, data }).where('segment_id', '=', first).execute()
  await db
    .deleteFrom('metric_segments')
    .where(amongNumbers(tx.dialect, sql.ref('segment_id'), rest))
    .execute()
}

export async function clearTail(tx: Tx, segmentIds: readonly number[]): Promise<void> {
  await writesOf(tx)
    .deleteFrom('metric_tail')
    .where(amongNumbers(tx.dialect, sql.ref('segment_id'), segmentIds))
    .execute()
}

const rows: Record<Dialect, (json: string) => RawBuilder<unknown>> = {
  sqlite: json =>
    sql`select value->>0 as key, value->>1 as value, value->>2 as step, value->>3 as timestamp from json_each(${json})`,
  postgres: json =>
    sql`select j->>0 as key, (j->>1)::float8 as value, (j->>2)::bigint as step, (j->>3)::bigint as timestamp from json_array_elements(${json}::json) j`,
}

/** Raises the latest value of each key in one statement: only a greater (step, timestamp, value) replaces, NaN counts as 0. */
export async function raiseLatest(tx: Tx, runNo: number, experimentId: number, points: Iterable<Point>): Promise<void> {
  const json = JSON.stringify(
    Array.from(points, ({ key, value, step, timestamp }) => [key, Number.isNaN(value) ? null : value, step, timestamp]),
  )
  await sql`
    insert into latest_metrics (run_no, key, experiment_id, value, step, timestamp)
    select ${sql.val(runNo)}${cast(tx.dialect)}, n.key, ${sql.val(experimentId)}${cast(tx.dialect)}, n.value, n.step, n.timestamp
    from (${rows[tx.dialect](json)}) n where true
    on conflict (run_no, key) do update set value = excluded.value, step = excluded.step, timestamp = excluded.timestamp
    where (excluded.step, excluded.timestamp, coalesce(excluded.value, 0)) > (latest_metrics.step, latest_metrics.timestamp, coalesce(latest_metrics.value, 0))
  `.execute(writesOf(tx))
}

const cast = (dialect: Dialect) => (dialect === 'postgres' ? sql`::bigint` : sql``)

/** Copies points and latest values of one run, whose tail is folded in, to another. */
export async function copyMetrics(tx: Tx, from: number, to: number, experimentId: number): Promise<void> {
  const db = writesOf(tx)
  await sql`insert into metric_segments (run_no, points, data) select ${sql.val(to)}${cast(tx.dialect)}, points, data from metric_segments where run_no = ${from} order by segment_id`.execute(
    db,
  )
  await sql`insert into latest_metrics (run_no, key, experiment_id, value, step, timestamp) select ${sql.val(to)}${cast(tx.dialect)}, key, ${sql.val(experimentId)}${cast(tx.dialect)}, value, step, timestamp from latest_metrics where run_no = ${from} on conflict do nothing`.execute(
    db,
  )
}
