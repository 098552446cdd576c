import { type RawBuilder, type Selectable, sql } from 'kysely'
import type { Dialect } from '../../../kernel/db/index.ts'
import type { Comparison, OrderBy } from '../search/grammar.ts'
import { allOf, amongNumbers, type Condition, matches, ordered } from '../search/reads.ts'
import type { TrackingReads, TrackingTables } from '../tables.ts'
import type { KeyValue } from '../wire/names.ts'

export type ExperimentRow = Selectable<TrackingTables['experiments']>
export type ViewType = 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL'

/** The experiment of a workspace with this number, deleted or not. */
export const findExperiment = (
  db: TrackingReads,
  workspace: string,
  experimentId: number,
): Promise<ExperimentRow | undefined> =>
  db
    .selectFrom('experiments')
    .selectAll()
    .where('experiment_id', '=', experimentId)
    .where('workspace', '=', workspace)
    .executeTakeFirst()

export const findExperimentByName = (
  db: TrackingReads,
  workspace: string,
  name: string,
): Promise<ExperimentRow | undefined> =>
  db
    .selectFrom('experiments')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('name', '=', name)
    .executeTakeFirst()

/** Those of the numbers that are experiments of the workspace. */
export async function ownExperiments(
  db: TrackingReads,
  dialect: Dialect,
  workspace: string,
  numbers: readonly number[],
): Promise<number[]> {
  const rows = await db
    .selectFrom('experiments')
    .select('experiment_id')
    .where('workspace', '=', workspace)
    .where(amongNumbers(dialect, sql.ref('experiment_id'), numbers))
    .execute()
  return rows.map(row => row.experiment_id)
}

/** Tags of each experiment, by key. */
export async function experimentTags(
  db: TrackingReads,
  dialect: Dialect,
  experimentIds: readonly number[],
): Promise<Map<number, KeyValue[]>> {
  const rows = await db
    .selectFrom('experiment_tags')
    .selectAll()
    .where(amongNumbers(dialect, sql.ref('experiment_id'), experimentIds))
    .orderBy('experiment_id')
    .orderBy('key')
    .execute()
  return Map.groupBy(rows, row => row.experiment_id)
}

export interface ExperimentSearch {
  workspace: string
  view: ViewType
  filter: readonly Comparison[]
  orderBy: readonly OrderBy[]
  limit: number
  offset: number
}

export async function searchExperiments(
  db: TrackingReads,
  dialect: Dialect,
  search: ExperimentSearch,
): Promise<ExperimentRow[]> {
  const conditions = [
    sql<boolean>`e.workspace = ${search.workspace}`,
    ...search.filter.map(one => condition(dialect, one)),
  ]
  if (search.view !== 'ALL')
    conditions.push(sql<boolean>`e.lifecycle_stage = ${search.view === 'DELETED_ONLY' ? 'deleted' : 'active'}`)
  const { rows } = await sql<ExperimentRow>`
    select e.* from experiments e where ${allOf(conditions)}
    order by ${sql.join(orders(search.orderBy))} limit ${search.limit} offset ${search.offset}`.execute(db)
  return rows
}

function orders(orderBy: readonly OrderBy[]): RawBuilder<unknown>[] {
  if (orderBy.length === 0) return [sql`e.creation_time desc`, sql`e.experiment_id asc`]
  const given = orderBy.map(({ key, ascending }) => ordered(sql.ref(`e.${key}`), ascending))
  return orderBy.some(({ key }) => key === 'experiment_id') ? given : [...given, sql`e.experiment_id desc`]
}

function condition(dialect: Dialect, comparison: Comparison): Condition {
  const { entity, key, operator } = comparison
  if (entity === 'tag') {
    const tag = sql`select 1 from experiment_tags t where t.experiment_id = e.experiment_id and t.key = ${key}`
    if (operator === 'IS NULL') return sql`not exists (${tag})`
    if (operator === 'IS NOT NULL') return sql`exists (${tag})`
    return sql`exists (${tag} and ${matches(dialect, sql.ref('t.value'), comparison)})`
  }
  if (key !== 'experiment_id') return matches(dialect, sql.ref(`e.${key}`), comparison)
  return matches(dialect, sql`cast(e.experiment_id as text)`, comparison)
}

/** The number of the oldest experiment of a workspace: its Default. */
export async function firstExperiment(db: TrackingReads, workspace: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('experiments')
    .select('experiment_id')
    .where('workspace', '=', workspace)
    .orderBy('experiment_id')
    .limit(1)
    .executeTakeFirst()
  return row?.experiment_id
}
