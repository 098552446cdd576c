import { type RawBuilder, sql } from 'kysely'
import type { Dialect } from '../../../../kernel/db/index.ts'
import type { Comparison, OrderBy } from '../../search/grammar.ts'
import { allOf, amongNumbers, type Condition, matches, ordered } from '../../search/reads.ts'
import type { TrackingReads } from '../../tables.ts'

export interface RunSearch {
  readonly experimentIds: readonly number[]
  readonly view: 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL'
  readonly filter: readonly Comparison[]
  readonly orderBy: readonly OrderBy[]
  readonly limit: number
  readonly offset: number
}

/** A filter that at most this many runs pass is looked up first; otherwise runs are walked in the wanted order. */
const SELECTIVE = 5000

type Sql = RawBuilder<unknown>

/**
 * Numbers of the runs that match, in order. With 100,000 runs the order of work decides: a filter that few runs pass is read
 * from its index first; otherwise runs come from the index of the wanted order and stop at the page's end.
 */
export async function searchRunNumbers(db: TrackingReads, dialect: Dialect, search: RunSearch): Promise<number[]> {
  const scope = scopeOf(dialect, search)
  const drivers = await selectiveFilters(db, dialect, search)
  const conditions = search.filter.map(one =>
    drivers.has(one) ? sql<boolean>`r.run_no in (${candidates(dialect, search, one)})` : condition(dialect, one),
  )
  const [first] = search.orderBy
  if (drivers.size === 0 && first?.entity === 'metric' && search.experimentIds.length === 1)
    return byMetricIndex(db, search, first, [...scope, ...conditions])
  return run(
    db,
    sql`select r.run_no from runs r ${joins(search.orderBy)} where ${allOf([...scope, ...conditions])}
        order by ${sql.join(orders(search.orderBy))} limit ${search.limit} offset ${search.offset}`,
  )
}

async function run(db: TrackingReads, query: Sql): Promise<number[]> {
  const { rows } = await (query as RawBuilder<{ run_no: number }>).execute(db)
  return rows.map(row => row.run_no)
}

function scopeOf(dialect: Dialect, { experimentIds, view }: RunSearch): Condition[] {
  const [only, ...more] = experimentIds
  const inside =
    more.length === 0
      ? sql<boolean>`r.experiment_id = ${only ?? -1}`
      : amongNumbers(dialect, sql.ref('r.experiment_id'), experimentIds)
  if (view === 'ALL') return [inside, sql<boolean>`r.lifecycle_stage in ('active', 'deleted')`]
  return [inside, sql<boolean>`r.lifecycle_stage = ${view === 'ACTIVE_ONLY' ? 'active' : 'deleted'}`]
}

const keyed = { metric: sql`latest_metrics`, param: sql`params`, tag: sql`tags` } as const

/** One comparison as a condition on a run `r`. */
function condition(dialect: Dialect, comparison: Comparison): Condition {
  const { entity, key, operator } = comparison
  if (entity === 'attribute') return matches(dialect, sql.ref(`r.${key}`), comparison)
  if (entity === 'dataset')
    return sql`exists (select 1 from run_datasets i join datasets d on d.dataset_no = i.dataset_no where i.run_no = r.run_no and ${matches(dialect, sql.ref(key === 'context' ? 'i.context' : `d.${key}`), comparison)})`
  const rows = sql`select 1 from ${keyed[entity]} k where k.run_no = r.run_no and k.key = ${key}`
  if (operator === 'IS NULL') return sql`not exists (${rows})`
  if (operator === 'IS NOT NULL') return sql`exists (${rows})`
  return sql`exists (${rows} and ${matches(dialect, sql.ref('k.value'), comparison)})`
}

/** Filters that an index answers: a metric compared, a param or tag equal to a text. */
const isIndexed = ({ entity, operator }: Comparison): boolean =>
  entity === 'metric' ? operator !== '!=' : (entity === 'param' || entity === 'tag') && operator === '='

/** The runs that pass an indexed filter, over all experiments for params and tags. */
function candidates(dialect: Dialect, { experimentIds }: RunSearch, comparison: Comparison): Sql {
  const { entity, key, value } = comparison
  if (entity === 'metric')
    return sql`select k.run_no from latest_metrics k where ${amongNumbers(dialect, sql.ref('k.experiment_id'), experimentIds)} and k.key = ${key} and ${matches(dialect, sql.ref('k.value'), comparison)}`
  const start = String(value).slice(0, 64)
  return sql`select k.run_no from ${keyed[entity as 'param' | 'tag']} k where k.key = ${key} and substr(k.value, 1, 64) = ${start} and k.value = ${value}`
}

async function selectiveFilters(db: TrackingReads, dialect: Dialect, search: RunSearch): Promise<Set<Comparison>> {
  const selective = new Set<Comparison>()
  for (const comparison of search.filter.filter(isIndexed)) {
    const some = sql<{
      n: number
    }>`select count(*) as n from (${candidates(dialect, search, comparison)} limit ${SELECTIVE}) c`
    const { rows } = await some.execute(db)
    if ((rows[0]?.n ?? 0) < SELECTIVE) selective.add(comparison)
  }
  return selective
}

/** One join for each metric, param or tag in the order. */
const joins = (orderBy: readonly OrderBy[]): Sql =>
  orderBy.reduce<Sql>((joined, { entity, key }, i) => {
    if (entity === 'attribute') return joined
    const [table, run, name] = [`o${i}`, `o${i}.run_no`, `o${i}.key`].map(part => sql.ref(part))
    return sql`${joined} left join ${keyed[entity as 'metric']} ${table} on ${run} = r.run_no and ${name} = ${key}`
  }, sql``)

/** Absent values last in both directions, NaN before absent; ties: newest first, then by id. */
function orders(orderBy: readonly OrderBy[]): Sql[] {
  const given = orderBy.map(({ entity, key, ascending }, i) => {
    if (entity === 'attribute') return ordered(sql.ref(`r.${key}`), ascending)
    const value = ordered(sql.ref(`o${i}.value`), ascending)
    return entity === 'metric' ? sql`${sql.ref(`o${i}.run_no`)} is null, ${value}` : value
  })
  return [...given, ...ties(orderBy)]
}

const ties = (orderBy: readonly OrderBy[]): Sql[] => [
  ...(orderBy.some(one => one.entity === 'attribute' && one.key === 'start_time') ? [] : [sql`r.start_time desc`]),
  sql`r.run_id asc`,
]

/**
 * The order by one metric of one experiment, from its index: first the runs with a number, then those with NaN, then those
 * without the metric. The later parts are only read when the page reaches them.
 */
async function byMetricIndex(
  db: TrackingReads,
  search: RunSearch,
  { key, ascending }: OrderBy,
  conditions: readonly Condition[],
): Promise<number[]> {
  const rest = search.orderBy.slice(1)
  // `cross join` keeps SQLite from turning the order of the two tables round
  const metric = sql`latest_metrics m cross join runs r ${joins(rest)} where r.run_no = m.run_no and m.experiment_id = ${search.experimentIds[0]} and m.key = ${key} and ${allOf(conditions)}`
  const after = orders(rest)
  const numbers = sql`from ${metric} and m.value is not null`
  const direction = ascending ? sql`asc` : sql`desc`
  const found = await run(
    db,
    sql`select r.run_no ${numbers} order by m.value ${direction}, ${sql.join(after)} limit ${search.limit} offset ${search.offset}`,
  )
  if (found.length === search.limit) return found
  const skipped = found.length > 0 || search.offset === 0 ? search.offset + found.length : await count(db, numbers)
  const left = { limit: search.limit - found.length, offset: Math.max(0, search.offset + found.length - skipped) }
  const nan = await run(
    db,
    sql`select r.run_no from ${metric} and m.value is null order by ${sql.join(after)} limit ${left.limit} offset ${left.offset}`,
  )
  if (nan.length === left.limit) return [...found, ...nan]
  const nans =
    nan.length > 0 || left.offset === 0
      ? left.offset + nan.length
      : await count(db, sql`from ${metric} and m.value is null`)
  const without = sql`not exists (select 1 from latest_metrics m where m.run_no = r.run_no and m.key = ${key})`
  const absent = await run(
    db,
    sql`select r.run_no from runs r ${joins(rest)} where ${allOf(conditions)} and ${without} order by ${sql.join(after)}
        limit ${left.limit - nan.length} offset ${Math.max(0, left.offset + nan.length - nans)}`,
  )
  return [...found, ...nan, ...absent]
}

async function count(db: TrackingReads, from: Sql): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*) as n ${from}`.execute(db)
  return rows[0]?.n ?? 0
}
