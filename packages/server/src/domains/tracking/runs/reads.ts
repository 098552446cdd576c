import { type Selectable, sql } from 'kysely'
import type { Dialect } from '../../../kernel/db/index.ts'
import type { LatestMetric } from '../metrics/latest.ts'
import { amongNumbers } from '../search/reads.ts'
import type { TrackingReads, TrackingTables } from '../tables.ts'
import type { KeyValue } from '../wire/names.ts'

export type RunRow = Selectable<TrackingTables['runs']>

export interface DatasetInput {
  name: string
  digest: string
  source_type: string
  source: string
  schema: string | null
  profile: string | null
  tags: KeyValue[]
}
export interface ModelEdge {
  model_id: string
  step: number
}

/** Everything a run holds beside its row. */
export interface RunData {
  params: KeyValue[]
  tags: KeyValue[]
  metrics: LatestMetric[]
  datasets: DatasetInput[]
  modelInputs: ModelEdge[]
  modelOutputs: ModelEdge[]
}

export const findRun = (db: TrackingReads, workspace: string, runId: string): Promise<RunRow | undefined> =>
  db.selectFrom('runs').selectAll().where('run_id', '=', runId).where('workspace', '=', workspace).executeTakeFirst()

/** Rows by number. */
export async function runRows(
  db: TrackingReads,
  dialect: Dialect,
  runNos: readonly number[],
): Promise<Map<number, RunRow>> {
  const rows = await db
    .selectFrom('runs')
    .selectAll()
    .where(amongNumbers(dialect, sql.ref('run_no'), runNos))
    .execute()
  return new Map(rows.map(row => [row.run_no, row]))
}

/** The data of many runs, in a fixed number of queries. Metrics are those that are folded in (see metrics/fold.ts). */
export async function runData(
  db: TrackingReads,
  dialect: Dialect,
  runNos: readonly number[],
): Promise<Map<number, RunData>> {
  const data = new Map<number, RunData>(
    runNos.map(runNo => [
      runNo,
      { params: [], tags: [], metrics: [], datasets: [], modelInputs: [], modelOutputs: [] },
    ]),
  )
  if (runNos.length === 0) return data
  const among = amongNumbers(dialect, sql.ref('run_no'), runNos)
  for (const row of await db.selectFrom('params').selectAll().where(among).execute())
    data.get(row.run_no)?.params.push(row)
  for (const row of await db.selectFrom('tags').selectAll().where(among).execute()) data.get(row.run_no)?.tags.push(row)
  const latest = db.selectFrom('latest_metrics').select(['run_no', 'key', 'value', 'step', 'timestamp']).where(among)
  for (const row of await latest.execute()) data.get(row.run_no)?.metrics.push(row)
  await addEdges(db, dialect, runNos, data)
  return data
}

async function addEdges(
  db: TrackingReads,
  dialect: Dialect,
  runNos: readonly number[],
  data: Map<number, RunData>,
): Promise<void> {
  const datasets = await db
    .selectFrom('run_datasets as r')
    .innerJoin('datasets as d', 'd.dataset_no', 'r.dataset_no')
    .select(['r.run_no', 'r.tags', 'd.name', 'd.digest', 'd.source_type', 'd.source', 'd.schema', 'd.profile'])
    .where(amongNumbers(dialect, sql.ref('r.run_no'), runNos))
    .orderBy('r.run_no')
    .orderBy('r.position')
    .execute()
  for (const { run_no, tags, ...dataset } of datasets)
    data.get(run_no)?.datasets.push({ ...dataset, tags: JSON.parse(tags) as KeyValue[] })
  const models = db
    .selectFrom('run_models')
    .selectAll()
    .where(amongNumbers(dialect, sql.ref('run_no'), runNos))
  for (const { run_no, direction, model_id, step } of await models.execute())
    data.get(run_no)?.[direction === 'input' ? 'modelInputs' : 'modelOutputs'].push({ model_id, step })
}

export const tagValue = async (db: TrackingReads, runNo: number, key: string): Promise<string | undefined> =>
  (await db.selectFrom('tags').select('value').where('run_no', '=', runNo).where('key', '=', key).executeTakeFirst())
    ?.value
