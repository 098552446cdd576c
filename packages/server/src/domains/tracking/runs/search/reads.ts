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

/** Characters of a param or tag that its index holds: `substr(value, 1, 64)`, written out so that the index is found. */
const INDEXED = 64
/** Runs that pass a filter are counted up to here; a filter that more pass is never the one to begin with. */
const COUNTED = 10_000
/** So few are always read first. */
const FEW = 500

type Sql = RawBuilder<unknown>

/** A plain join to PostgreSQL, which plans by statistics; SQLite has none and takes the left table first. */
const inThisOrder = sql`cross join`

/**
 * Numbers of the runs that match, in order. With 100,000 runs the order of work decides: a filter that few runs pass is read
 * from its index first; otherwise runs come from the index of the wanted order and stop at the page's end.
 */
export async function searchRunNumbers(db: TrackingReads, dialect: Dialect, search: RunSearch): Promise<number[]> {
  const scope = scopeOf(dialect, search)
  const start = await startingFilter(db, dialect, search)
  const conditions = [...scope, ...search.filter.filter(one => one !== start).map(one => condition(dialect, one))]
  const [first] = search.orderBy
  if (start === undefined && first?.entity === 'metric' && search.experimentIds.length === 1)
    return byMetricIndex(db, search, first, conditions)
  const from =
    start === undefined
      ? sql`runs r ${joins(search.orderBy)} where ${allOf(conditions)}`
      : sql`(${candidates(dialect, search, start)}) c ${inThisOrder} runs r ${joins(search.orderBy)} where r.run_no = c.run_no and ${allOf(conditions)}`
  return run(
    db,
    sql`select r.run_no from ${from} order by ${sql.join(orders(search.orderBy))} limit ${search.limit} offset ${search.offset}`,
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
  const characters = [...String(value)]
  const start = characters.slice(0, INDEXED).join('')
  // a text shorter than what the index holds is there whole, so the rows need not be read
  const whole = characters.length < INDEXED ? sql`` : sql` and k.value = ${value}`
  return sql`select k.run_no from ${keyed[entity as 'param' | 'tag']} k where k.key = ${key} and substr(k.value, 1, 64) = ${start}${whole}`
}

/**
 * The filter to begin with, if that is less work than walking the runs in the wanted order. Walking reads about
 * `page end / share of runs that pass` runs, where shares of several filters multiply; beginning with a filter reads what passes it.
 */
async function startingFilter(db: TrackingReads, dialect: Dialect, search: RunSearch): Promise<Comparison | undefined> {
  const counts = new Map<Comparison, number>()
  for (const comparison of search.filter.filter(isIndexed))
    counts.set(comparison, await count(db, sql`from (${candidates(dialect, search, comparison)} limit ${COUNTED}) c`))
  const [smallest] = [...counts].sort(([, a], [, b]) => a - b)
  if (smallest === undefined || smallest[1] >= COUNTED) return undefined
  if (smallest[1] <= FEW || !hasOrderIndex(search)) return smallest[0]
  const runs = await count(db, sql`from runs r where ${allOf(scopeOf(dialect, search))}`)
  const share = [...counts.values()].reduce((product, passing) => product * shareOf(passing, Math.max(1, runs)), 1)
  const walked = Math.min(runs, (search.offset + search.limit) / share)
  return walked < smallest[1] ? undefined : smallest[0]
}

/** The share of runs that pass a filter; for one that was not counted to its end, half way to all on a logarithmic scale. */
const shareOf = (passing: number, runs: number): number =>
  passing < COUNTED ? Math.min(1, passing / runs) : Math.sqrt(Math.min(1, COUNTED / runs))

/** The newest first, or by one metric, of one experiment. */
const hasOrderIndex = ({ orderBy: [first], experimentIds }: RunSearch): boolean =>
  experimentIds.length === 1 && (first === undefined || first.entity === 'metric')

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
  const metric = sql`latest_metrics m ${inThisOrder} runs r ${joins(rest)} where r.run_no = m.run_no and m.experiment_id = ${search.experimentIds[0]} and m.key = ${key} and ${allOf(conditions)}`
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
