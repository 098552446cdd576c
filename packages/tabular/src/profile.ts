import type { Json } from '@duckdb/node-api'
import type { ColumnProfile, TableProfile } from '@hagane/contract'
import { cellOf } from './cells.ts'
import { columnTypeOf, isNumeric, isOrdered } from './column-type.ts'
import type { Engine } from './engine.ts'
import { readTable } from './read-table.ts'
import type { Relation } from './relation.ts'
import { identifier } from './sql-text.ts'
import type { TableSource } from './table-source.ts'

const quantiles = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
const TOP = 10
/** Beyond so many different values the most frequent ones say nothing, and counting them takes long. */
const COUNTABLE = 100_000
const LONGEST = 200
/** Columns that one query looks at: wide tables in several, so that memory stays bounded. */
const AT_ONCE = 40

/** Rows, and for each column its type, nulls, distinct values, range, moments, quantiles and most frequent values. */
export async function profileTable(engine: Engine, source: TableSource): Promise<TableProfile> {
  const relation = await stored(engine, await readTable(engine, source), 'profiled')
  const [counted] = await engine.rows<{ n: string }>(`select count(*) as n from (${relation.sql})`)
  const columns: ColumnProfile[] = []
  for (let from = 0; from < relation.columns.length; from += AT_ONCE)
    columns.push(...(await profileColumns(engine, relation, relation.columns.slice(from, from + AT_ONCE))))
  return { rows: Number(counted?.n ?? 0), columns }
}

/** The table written once into the engine's own file: everything after runs over columns, not over text. */
export async function stored(engine: Engine, relation: Relation, name: string): Promise<Relation> {
  await engine.run(`create table ${identifier(name)} as ${relation.sql}`)
  return { sql: `select * from ${identifier(name)}`, columns: relation.columns }
}

type Columns = Relation['columns']

async function profileColumns(engine: Engine, { sql }: Relation, columns: Columns): Promise<ColumnProfile[]> {
  const facts = columns.flatMap(({ name, type }, i) => factsOf(identifier(name), type, i))
  const [found = {}] = await engine.rows<Record<string, Json>>(`select ${facts.join(', ')} from (${sql})`)
  const profiles: ColumnProfile[] = []
  for (const [i, { name, type }] of columns.entries()) {
    const fact = (of: string) => found[`${of}${i}`]
    const top = Number(fact('distinct')) > COUNTABLE ? [] : await topValues(engine, sql, name, type)
    profiles.push({ ...columnProfile(name, type, fact), top })
  }
  return profiles
}

async function topValues(engine: Engine, sql: string, name: string, type: string): Promise<ColumnProfile['top']> {
  const column = columnTypeOf(type) === 'string' ? `left(${identifier(name)}, ${LONGEST})` : identifier(name)
  const found = await engine.rows<{ value: Json; n: string }>(
    `select ${column} as value, count(*) as n from (${sql}) where ${identifier(name)} is not null group by 1 order by n desc, value limit ${TOP}`,
  )
  return found.map(({ value, n }) => ({ value: cellOf(value, type), count: Number(n) }))
}

function factsOf(column: string, type: string, i: number): string[] {
  const kind = columnTypeOf(type)
  const finite = isNumeric(kind) ? `case when isfinite(${column}::double) then ${column}::double end` : undefined
  return [
    `count(*) - count(${column}) as nulls${i}`,
    `approx_count_distinct(${column}) as distinct${i}`,
    ...(isOrdered(kind) || kind === 'string' ? [`min(${column}) as min${i}`, `max(${column}) as max${i}`] : []),
    ...(finite === undefined
      ? []
      : [
          `avg(${finite}) as mean${i}`,
          `stddev_samp(${finite}) as std${i}`,
          `approx_quantile(${finite}, [${quantiles.join(', ')}]) as quantiles${i}`,
        ]),
  ]
}

function columnProfile(
  name: string,
  type: string,
  fact: (name: string) => Json | undefined,
): Omit<ColumnProfile, 'top'> {
  const kind = columnTypeOf(type)
  const numeric = isNumeric(kind)
  const cuts = fact('quantiles') as number[] | null | undefined
  return {
    name,
    type: kind,
    nulls: Number(fact('nulls')),
    distinct: Number(fact('distinct')),
    ...(isOrdered(kind) || kind === 'string' ? { min: cellOf(fact('min'), type), max: cellOf(fact('max'), type) } : {}),
    ...(numeric ? { mean: asNumber(fact('mean')), std: asNumber(fact('std')) } : {}),
    ...(numeric && cuts ? { quantiles: Object.fromEntries(cuts.map((cut, i) => [quantileName(i), Number(cut)])) } : {}),
  }
}

const quantileName = (i: number): string => `p${String(Math.round((quantiles[i] ?? 0) * 100)).padStart(2, '0')}`
const asNumber = (value: Json | undefined): number | null =>
  value === null || value === undefined || !Number.isFinite(Number(value)) ? null : Number(value)
