import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '../../../kernel/db/index.ts'
import { amongNumbers, amongTexts } from '../search/reads.ts'
import { writesOf } from '../tables.ts'
import type { RunRow } from './reads.ts'
import type { NewRun } from './store.ts'

const ROWS = 200

/** The number of a run whose facts are taken, and of the run that takes them. */
export interface RunPair {
  from: number
  to: number
}

/** Inserts rows in portions that any engine takes. */
async function inPortions<T>(rows: readonly T[], insert: (portion: readonly T[]) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < rows.length; i += ROWS) await insert(rows.slice(i, i + ROWS))
}

export async function insertRuns(tx: Tx, runs: readonly NewRun[]): Promise<RunRow[]> {
  const stored: RunRow[] = []
  const more = { end_time: null, lifecycle_stage: 'active', deleted_time: null, seal: null } as const
  await inPortions(runs, async portion => {
    const rows = portion.map(run => ({ ...run, ...more, workspace: tx.who.workspace, created_by: tx.who.actor }))
    stored.push(...(await writesOf(tx).insertInto('runs').values(rows).returningAll().execute()))
  })
  return stored
}

/** Tags or params of runs that have none yet. */
export const insertPairs = (
  tx: Tx,
  table: 'tags' | 'params',
  rows: readonly { run_no: number; key: string; value: string }[],
): Promise<void> =>
  inPortions(rows, portion =>
    writesOf(tx)
      .insertInto(table)
      .values([...portion])
      .execute(),
  )

/** Runs of this workspace by their ids, in any order. */
export const runsNamed = (tx: Tx, runIds: readonly string[]): Promise<RunRow[]> =>
  writesOf(tx)
    .selectFrom('runs')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where(amongTexts(tx.dialect, sql.ref('run_id'), runIds))
    .execute()

/** Which of the runs have metrics that are not folded in yet. */
export async function withTailAmong(tx: Tx, runNos: readonly number[]): Promise<number[]> {
  const rows = await writesOf(tx)
    .selectFrom('metric_tail')
    .select('run_no')
    .distinct()
    .where(amongNumbers(tx.dialect, sql.ref('run_no'), runNos))
    .execute()
  return rows.map(row => row.run_no)
}

/** Points logged by each run that logged any. */
export async function pointCounts(tx: Tx, runNos: readonly number[]): Promise<Map<number, number>> {
  const rows = await writesOf(tx)
    .selectFrom('metric_segments')
    .select(({ fn }) => ['run_no', fn.sum<number>('points').as('points')])
    .where(amongNumbers(tx.dialect, sql.ref('run_no'), runNos))
    .groupBy('run_no')
    .execute()
  return new Map(rows.map(row => [row.run_no, Number(row.points)]))
}

const big = (value: number): RawBuilder<unknown> => sql`cast(${value} as bigint)`
const asTable = (pairs: readonly RunPair[]): RawBuilder<unknown> =>
  sql`pairs(a, b) as (values ${sql.join(pairs.map(({ from, to }) => sql`(${big(from)}, ${big(to)})`))})`

/** Copies params, metrics, data sets and models from each run to its partner, which has none of its own. */
export async function copyFacts(tx: Tx, pairs: readonly RunPair[]): Promise<void> {
  const copies = [
    sql`insert into params (run_no, key, value) select b, key, value from pairs join params on run_no = a where true on conflict do nothing`,
    sql`insert into run_datasets (run_no, dataset_no, position, context, tags) select b, dataset_no, position, context, tags from pairs join run_datasets on run_no = a where true on conflict do nothing`,
    sql`insert into run_models (run_no, direction, model_id, step) select b, direction, model_id, step from pairs join run_models on run_no = a where true on conflict do nothing`,
    sql`insert into metric_segments (run_no, points, data) select b, points, data from pairs join metric_segments on run_no = a order by segment_id`,
    sql`insert into latest_metrics (run_no, key, experiment_id, value, step, timestamp)
      select b, key, target.experiment_id, value, step, timestamp from pairs join latest_metrics on latest_metrics.run_no = a
      join runs as target on target.run_no = b where true on conflict do nothing`,
  ]
  for (const copy of copies) await sql`with ${asTable(pairs)} ${copy}`.execute(writesOf(tx))
}

/** Copies every file below one folder of the artifact space to another, for each pair of folders. */
export async function copyFolders(tx: Tx, pairs: readonly { from: string; to: string }[]): Promise<void> {
  const table = sql.join(
    pairs.map(
      ({ from, to }) => sql`(cast(${`${from}/`} as text), cast(${`${from}0`} as text), cast(${`${to}/`} as text))`,
    ),
  )
  await sql`with pairs(a, z, b) as (values ${table})
    insert into artifact_files (workspace, path, digest, size, modified_at, modified_by)
    select workspace, b || substr(path, length(a) + 1), digest, size, ${big(tx.now.getTime())}, modified_by
    from pairs join artifact_files on workspace = ${tx.who.workspace} and path >= a and path < z
    where true on conflict do nothing`.execute(writesOf(tx))
}

/** Ends runs, each with its seal. */
export async function sealRuns(
  tx: Tx,
  status: string,
  endTime: number,
  seals: readonly { run_no: number; seal: string }[],
): Promise<void> {
  const table = sql.join(seals.map(({ run_no, seal }) => sql`(${big(run_no)}, cast(${seal} as text))`))
  await sql`with seals(no, digest) as (values ${table})
    update runs set status = ${status}, end_time = ${big(endTime)}, seal = digest from seals where run_no = no`.execute(
    writesOf(tx),
  )
}
