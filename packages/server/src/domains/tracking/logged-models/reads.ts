import { type RawBuilder, type Selectable, sql } from 'kysely'
import type { Dialect } from '../../../kernel/db/index.ts'
import type { Comparison } from '../search/grammar.ts'
import { allOf, amongNumbers, amongTexts, type Condition, matches, ordered } from '../search/reads.ts'
import type { TrackingReads, TrackingTables } from '../tables.ts'
import type { KeyValue } from '../wire/names.ts'

export type LoggedModelRow = Selectable<TrackingTables['logged_models']>
export type LoggedModelMetric = Selectable<TrackingTables['logged_model_metrics']>

export interface LoggedModelData {
  params: KeyValue[]
  tags: KeyValue[]
  metrics: LoggedModelMetric[]
}

export const findLoggedModel = (
  db: TrackingReads,
  workspace: string,
  modelId: string,
): Promise<LoggedModelRow | undefined> =>
  db
    .selectFrom('logged_models')
    .selectAll()
    .where('model_id', '=', modelId)
    .where('workspace', '=', workspace)
    .executeTakeFirst()

/** The newest model of this name that a run logged. */
export const modelOfRun = (
  db: TrackingReads,
  workspace: string,
  runId: string,
  name: string,
): Promise<LoggedModelRow | undefined> =>
  db
    .selectFrom('logged_models')
    .selectAll()
    .where('source_run_id', '=', runId)
    .where('workspace', '=', workspace)
    .where('name', '=', name)
    .where('lifecycle_stage', '=', 'active')
    .orderBy('creation_timestamp', 'desc')
    .limit(1)
    .executeTakeFirst()

/** Params, tags and metrics of many logged models. */
export async function loggedModelData(
  db: TrackingReads,
  dialect: Dialect,
  modelIds: readonly string[],
): Promise<Map<string, LoggedModelData>> {
  const data = new Map<string, LoggedModelData>(modelIds.map(id => [id, { params: [], tags: [], metrics: [] }]))
  const among = amongTexts(dialect, sql.ref('model_id'), modelIds)
  for (const row of await db.selectFrom('logged_model_params').selectAll().where(among).execute())
    data.get(row.model_id)?.params.push(row)
  for (const row of await db.selectFrom('logged_model_tags').selectAll().where(among).execute())
    data.get(row.model_id)?.tags.push(row)
  const metrics = db.selectFrom('logged_model_metrics').selectAll().where(among).orderBy('timestamp').orderBy('step')
  for (const row of await metrics.execute()) data.get(row.model_id)?.metrics.push(row)
  return data
}

export interface DatasetFilter {
  dataset_name: string
  dataset_digest: string | undefined
}
export interface ModelOrder {
  entity: 'metric' | 'attribute'
  key: string
  ascending: boolean
  dataset: Partial<DatasetFilter>
}
export interface LoggedModelSearch {
  experimentIds: readonly number[]
  workspace: string
  filter: readonly Comparison[]
  datasets: readonly DatasetFilter[]
  orderBy: readonly ModelOrder[]
  limit: number
  offset: number
}

export async function searchLoggedModels(
  db: TrackingReads,
  dialect: Dialect,
  search: LoggedModelSearch,
): Promise<LoggedModelRow[]> {
  const conditions = [
    sql<boolean>`m.workspace = ${search.workspace}`,
    sql<boolean>`m.lifecycle_stage = 'active'`,
    amongNumbers(dialect, sql.ref('m.experiment_id'), search.experimentIds),
    ...search.filter.map(one => condition(dialect, one, search.datasets)),
  ]
  if (search.datasets.length > 0 && !search.filter.some(one => one.entity === 'metric'))
    conditions.push(
      sql`exists (select 1 from logged_model_metrics k where k.model_id = m.model_id and ${onDatasets(search.datasets)})`,
    )
  const { rows } = await sql<LoggedModelRow>`
    select m.* from logged_models m where ${allOf(conditions)}
    order by ${sql.join(orders(search.orderBy))} limit ${search.limit} offset ${search.offset}`.execute(db)
  return rows
}

function condition(dialect: Dialect, comparison: Comparison, datasets: readonly DatasetFilter[]): Condition {
  const { entity, key } = comparison
  if (entity === 'attribute') return matches(dialect, sql.ref(`m.${key}`), comparison)
  const table =
    entity === 'metric'
      ? sql`logged_model_metrics`
      : entity === 'param'
        ? sql`logged_model_params`
        : sql`logged_model_tags`
  const narrowed = entity === 'metric' && datasets.length > 0 ? sql` and ${onDatasets(datasets)}` : sql``
  return sql`exists (select 1 from ${table} k where k.model_id = m.model_id and k.key = ${key} and ${matches(dialect, sql.ref('k.value'), comparison)}${narrowed})`
}

const onDatasets = (datasets: readonly DatasetFilter[]): RawBuilder<unknown> =>
  sql`(${sql.join(datasets.map(onDataset), sql` or `)})`

const onDataset = ({ dataset_name, dataset_digest }: DatasetFilter): RawBuilder<unknown> =>
  dataset_digest === undefined
    ? sql`k.dataset_name = ${dataset_name}`
    : sql`(k.dataset_name = ${dataset_name} and k.dataset_digest = ${dataset_digest})`

function orders(orderBy: readonly ModelOrder[]): RawBuilder<unknown>[] {
  const given = orderBy.map(({ entity, key, ascending, dataset }) =>
    ordered(entity === 'attribute' ? sql.ref(`m.${key}`) : sql`(${latestMetric(key, dataset)})`, ascending),
  )
  const named = (name: string) => orderBy.some(one => one.entity === 'attribute' && one.key === name)
  return [
    ...given,
    ...(named('creation_timestamp') ? [] : [sql`m.creation_timestamp desc`]),
    ...(named('model_id') ? [] : [sql`m.model_id asc`]),
  ]
}

function latestMetric(key: string, { dataset_name, dataset_digest }: Partial<DatasetFilter>): RawBuilder<unknown> {
  const name = dataset_name === undefined ? sql`` : sql` and k.dataset_name = ${dataset_name}`
  const digest = dataset_digest === undefined ? sql`` : sql` and k.dataset_digest = ${dataset_digest}`
  return sql`select k.value from logged_model_metrics k where k.model_id = m.model_id and k.key = ${key}${name}${digest} order by k.timestamp desc, k.step desc, k.run_id limit 1`
}
