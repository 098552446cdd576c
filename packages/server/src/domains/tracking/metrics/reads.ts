import { sql } from 'kysely'
import type { Dialect } from '../../../kernel/db/index.ts'
import { amongNumbers } from '../search/reads.ts'
import type { TrackingReads } from '../tables.ts'
import { type Columns, decodeSegment } from './segments.ts'

export interface Segment {
  segmentId: number
  points: number
  columns: Columns
}

const asSegment = (row: { segment_id: number; points: number; data: Uint8Array }): Segment => ({
  segmentId: row.segment_id,
  points: row.points,
  columns: decodeSegment(row.data),
})

/** All points of a run, as segments in the order they were logged. */
export async function segmentsOf(db: TrackingReads, runNo: number): Promise<Columns[]> {
  const rows = await db
    .selectFrom('metric_segments')
    .select('data')
    .where('run_no', '=', runNo)
    .orderBy('segment_id')
    .execute()
  return rows.map(row => decodeSegment(row.data))
}

/** The oldest segments of a run that are not folded in. */
export async function tailOf(db: TrackingReads, runNo: number, limit: number): Promise<Segment[]> {
  const rows = await db
    .selectFrom('metric_tail as t')
    .innerJoin('metric_segments as s', 's.segment_id', 't.segment_id')
    .select(['s.segment_id', 's.points', 's.data'])
    .where('t.run_no', '=', runNo)
    .orderBy('t.segment_id')
    .limit(limit)
    .execute()
  return rows.map(asSegment)
}

/** The segment before another, to see whether both are small. */
export async function segmentBefore(db: TrackingReads, runNo: number, segmentId: number): Promise<Segment | undefined> {
  const row = await db
    .selectFrom('metric_segments')
    .select(['segment_id', 'points', 'data'])
    .where('run_no', '=', runNo)
    .where('segment_id', '<', segmentId)
    .orderBy('segment_id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row === undefined ? undefined : asSegment(row)
}

/** Runs with points that are not folded in; of these experiments or runs only, if given. */
export async function runsWithTail(
  db: TrackingReads,
  dialect: Dialect,
  limit: number,
  among: { experimentIds?: readonly number[]; runNos?: readonly number[] } = {},
): Promise<{ run_no: number; experiment_id: number }[]> {
  let query = db
    .selectFrom('metric_tail as t')
    .innerJoin('runs as r', 'r.run_no', 't.run_no')
    .select(['r.run_no', 'r.experiment_id'])
    .distinct()
    .limit(limit)
  const { experimentIds, runNos } = among
  if (experimentIds !== undefined) query = query.where(amongNumbers(dialect, sql.ref('r.experiment_id'), experimentIds))
  if (runNos !== undefined) query = query.where(amongNumbers(dialect, sql.ref('t.run_no'), runNos))
  return query.execute()
}

export async function hasTail(db: TrackingReads): Promise<boolean> {
  return (await db.selectFrom('metric_tail').select('segment_id').limit(1).executeTakeFirst()) !== undefined
}

/** How many points a run has logged, repetitions included. */
export async function pointCount(db: TrackingReads, runNo: number): Promise<number> {
  const row = await db
    .selectFrom('metric_segments')
    .select(({ fn }) => fn.sum<number>('points').as('points'))
    .where('run_no', '=', runNo)
    .executeTakeFirst()
  return Number(row?.points ?? 0)
}
