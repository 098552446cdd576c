import { HaganeError } from '@hagane/contract'
import { columnTypeOf, isNumeric } from '../column-type.ts'
import { type BoostedOptions, boost } from '../drift/learn/boosted-trees.ts'
import type { Engine } from '../engine.ts'
import { readTable } from '../read-table.ts'
import { identifier, literal } from '../sql-text.ts'
import type { TableSource } from '../table-source.ts'

/** How much each feature tells of a column. */
export interface ImportancesRequest {
  readonly kind: 'importances'
  readonly source: TableSource
  readonly target: string
  /** All other columns without it; those that begin with an underscore are left out. */
  readonly features?: readonly string[]
}

export interface Importances {
  /** Feature to its part of one. */
  readonly importances: Readonly<Record<string, number>>
  readonly rows: number
}

/** Rows that the surrogate learns from, drawn with a fixed seed; fewer where the target has many classes. */
const ROWS = 20_000
const CELLS = 40_000
/** Targets with at most this many values are classes, and this many of them are told apart. */
const CLASSES = 20
const TOLD_APART = 10
/** Bins of a feature: one for what is missing, the others by quantile or category. */
const BINS = 33
const BOOSTED: BoostedOptions = { loss: 'squared', trees: 40, depth: 3, rate: 0.2, leastRows: 10 }

/**
 * Importance of each feature for a target by a surrogate, gradient boosted trees, as Azure ML's feature attribution does: no
 * model is asked, so training data and production can be compared. Throws invalid where the target is no column.
 */
export async function importancesOf(engine: Engine, request: ImportancesRequest): Promise<Importances> {
  const { sql } = await readTable(engine, request.source)
  const columns = await engine.describe(sql)
  const target = columns.find(({ name }) => name === request.target)
  if (target === undefined)
    throw noColumn(
      request,
      columns.map(({ name }) => name),
    )
  const features = columns.filter(
    ({ name }) => name !== target.name && (request.features?.includes(name) ?? !name.startsWith('_')),
  )
  const outputs = await outputsOf(engine, sql, target)
  const most = Math.min(ROWS, Math.floor(CELLS / Math.max(1, outputs.length)))
  const bins = await Promise.all(features.map(feature => binOf(engine, sql, feature, outputs[0] ?? '0')))
  const cells = [...bins, ...outputs].map((cell, i) => `(${cell})::double as c${i}`)
  await engine.run(`create temp table learned as select ${cells.join(', ') || '0 as c0'} from (${sql})
    where ${identifier(target.name)} is not null using sample reservoir(${most} rows) repeatable (1)`)
  const rows = await engine.rows<Record<string, number>>('select * from learned')
  const column = (i: number): Float64Array => Float64Array.from(rows, row => Number(row[`c${i}`] ?? 0))
  const binned = { rows: rows.length, columns: features.map((_, i) => Uint8Array.from(column(i))) }
  const found = partsOf(outputs.map((_, k) => boost(binned, scaled(column(features.length + k)), BOOSTED).gains))
  return { importances: Object.fromEntries(features.map(({ name }, i) => [name, found[i] ?? 0])), rows: rows.length }
}

/** Gains summed over the outputs, in parts of one; all zero where nothing can be told. */
function partsOf(gains: readonly Float64Array[]): number[] {
  const sums = Array.from(gains[0] ?? [], (_, i) => gains.reduce((sum, of) => sum + (of[i] ?? 0), 0))
  const all = sums.reduce((sum, one) => sum + one, 0)
  return all > 0 ? sums.map(sum => sum / all) : sums
}

/** With mean 0 and variance 1, so that outputs weigh the same; constants are 0. */
function scaled(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length)
  const scale = variance > 0 ? 1 / Math.sqrt(variance) : 0
  return values.map(value => (value - mean) * scale)
}

interface Column {
  readonly name: string
  readonly type: string
}

/** What is to be told: the number itself, or for each class whether it is that one. */
async function outputsOf(engine: Engine, sql: string, { name, type }: Column): Promise<string[]> {
  const column = identifier(name)
  const values = await engine.rows<{ value: string }>(
    `select ${column}::varchar as value from (${sql}) where ${column} is not null group by 1 order by count(*) desc, 1 limit ${CLASSES + 1}`,
  )
  if (isNumeric(columnTypeOf(type)) && values.length > CLASSES)
    return [`case when isfinite(${column}::double) then ${column}::double else 0 end`]
  const classes = values.length === 2 ? values.slice(0, 1) : values.slice(0, TOLD_APART)
  return classes.map(({ value }) => `(${column}::varchar = ${literal(value)})::integer`)
}

/** Numbers by quantiles, categories by the mean of what is to be told; what is missing has a bin of its own. */
async function binOf(engine: Engine, sql: string, { name, type }: Column, output: string): Promise<string> {
  const column = identifier(name)
  const kind = columnTypeOf(type)
  if (isNumeric(kind) || kind === 'timestamp' || kind === 'date' || kind === 'boolean') {
    const value = isNumeric(kind)
      ? `${column}::double`
      : kind === 'boolean'
        ? `${column}::integer::double`
        : `epoch(${column}::timestamp)`
    const cuts = Array.from({ length: BINS - 2 }, (_, i) => (i + 1) / (BINS - 1))
    const [found] = await engine.rows<{ cuts: number[] | null }>(
      `select approx_quantile(${value}, [${cuts.join(', ')}]) as cuts from (${sql}) where isfinite(${value})`,
    )
    const edges = [...new Set((found?.cuts ?? []).map(Number))].sort((a, b) => a - b)
    const steps = edges.map((edge, i) => `when ${value} <= ${edge}::double then ${i + 1}`)
    return `case when ${column} is null or not isfinite(${value}) then 0 ${steps.join(' ')} else ${edges.length + 1} end`
  }
  const ranked = await engine.rows<{ value: string }>(
    `select value from (select ${column}::varchar as value, count(*) as n, avg(${output}) as told from (${sql})
       where ${column} is not null group by 1 order by n desc, 1 limit ${BINS - 2}) order by told, value`,
  )
  const steps = ranked.map(({ value }, i) => `when ${column}::varchar = ${literal(value)} then ${i + 1}`)
  return `case when ${column} is null then 0 ${steps.join(' ')} else ${BINS - 1} end`
}

const noColumn = ({ target, source }: ImportancesRequest, columns: string[]): HaganeError =>
  new HaganeError('invalid', `${source.name} has no column '${target}'`, {
    details: [{ property: 'target_column', message: 'no such column', sent: target, allowed: columns.slice(0, 50) }],
    hint: 'name the column that holds what the model predicts in data_column_names.target_column',
  })
