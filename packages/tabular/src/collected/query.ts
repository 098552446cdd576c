import type { PredictionRows } from '@hagane/contract'
import { cellOf } from '../cells.ts'
import { columnTypeOf } from '../column-type.ts'
import { type Engine, type EngineLimits, openSandbox } from '../engine.ts'
import { identifier, literal } from '../sql-text.ts'
import { FEEDBACK, PREDICTIONS } from './schemas.ts'
import {
  type CollectedSources,
  type CollectedTables,
  collectedTables,
  conditionOf,
  MODEL_INPUTS,
  type PredictionFilter,
} from './sources.ts'
import { ColumnNames } from './table-files.ts'

export interface PredictionsRequest {
  readonly kind: 'predictions'
  readonly sources: CollectedSources
  readonly filter: PredictionFilter
  /** One SELECT over the tables `predictions` and `feedback`; the newest predictions without it. */
  readonly sql?: string
  /** Without the columns of inputs: quicker, as bodies of requests are not read. */
  readonly withoutInputs?: boolean
  /** Rows at most, where they are answered and not written. */
  readonly limit: number
  readonly output?: { readonly format: 'csv' | 'parquet' | 'json'; readonly folder: string; readonly path: string }
}

/** Answers a question about predictions, joined with their inputs and with what feedback said last. */
export async function queryPredictions(
  engine: Engine,
  request: PredictionsRequest,
  limits: EngineLimits,
): Promise<PredictionRows> {
  const database = `${engine.scratch}/asked.db`
  await engine.run(`attach ${literal(database)} as asked`)
  const withoutInputs = request.withoutInputs ?? false
  // a question may name columns of inputs that only other predictions have
  const asked = withoutInputs || request.sql === undefined ? request.filter : {}
  const tables = [PREDICTIONS, FEEDBACK, ...(withoutInputs ? [] : [MODEL_INPUTS])]
  const collected = await collectedTables(engine, request.sources, { asked, tables })
  await layOutPredictions(engine, collected, request.filter, 'asked')
  await engine.run('detach asked')
  const { limit, output, sql = 'select * from predictions order by time desc, prediction_id, row' } = request
  await using sandbox = await openSandbox(database, output?.folder ?? `${engine.scratch}/none`, limits)
  if (output !== undefined) {
    await sandbox.write(sql, output.path, output.format)
    return { columns: [], rows: [], truncated: false }
  }
  const { columns, rows } = await sandbox.select(sql, limit + 1)
  return {
    columns: columns.map(({ name, type }) => ({ name, type: columnTypeOf(type) })),
    rows: rows.slice(0, limit).map(row => columns.map(({ name, type }) => cellOf(row[name], type))),
    truncated: rows.length > limit,
  }
}

/** Lays the two tables, `predictions` and `feedback`, into a database or schema. */
export async function layOutPredictions(
  engine: Engine,
  tables: CollectedTables,
  filter: PredictionFilter,
  into: string,
): Promise<void> {
  await engine.run(`create table ${into}.feedback as select * from (${tables.feedback})`)
  await engine.run(
    `create or replace temp table found as select * from (${tables.predictions}) where ${conditionOf(filter)}`,
  )
  await layOutLabels(engine, `${into}.feedback`)
  const { inputs } = tables
  const columns = inputs?.columns.map(({ name }) => `i.${identifier(name)} as ${identifier(`input_${name}`)}`) ?? []
  const names = (await engine.rows<{ label: string }>('select distinct label from latest order by 1 limit 200')).map(
    ({ label }) => label,
  )
  const taken = new ColumnNames()
  const labels: string[] = []
  for (const name of names)
    labels.push(await labelColumn(engine, name, taken.take(name === 'label' ? name : `label_${name}`)))
  const said =
    labels.length === 0
      ? ''
      : `left join (select ${['row_id', ...labels].join(', ')} from latest group by row_id) l on l.row_id = p.row_id`
  const join =
    inputs === undefined
      ? ''
      : `left join (select * from (${inputs.sql}) where _prediction_id in (select prediction_id from found)) i on i._row_id = p.row_id`
  await engine.run(
    `create table ${into}.predictions as select ${['p.*', ...columns, ...(said === '' ? [] : ['l.* exclude (row_id)'])].join(', ')} from found p ${join} ${said}`,
  )
}

/**
 * `latest`: for each row and label what was said last, as JSON. Feedback names a row, or a prediction of one row, or all
 * rows of a correlation id.
 */
export async function layOutLabels(engine: Engine, feedback: string): Promise<void> {
  await engine.run(`create or replace temp table said as
    select f.key, replace(said.key, chr(0), '\ufffd') as label, said.value, received_at, position from ${feedback} f, json_each(f.labels) said`)
  await engine.run(`create or replace temp table latest as
    select row_id, label, arg_max(value, (received_at, position)) as value, max(received_at) as received_at
    from (
      select f.row_id, s.* from said s join found f on s.key = f.row_id
      union all select f.row_id, s.* from said s join found f on s.key = f.prediction_id and f.rows <= 1
      union all select f.row_id, s.* from said s join found f on s.key = f.correlation_id
    ) group by row_id, label`)
}

/** A label as a column: numbers where all it ever was are numbers, text otherwise. */
export async function labelColumn(engine: Engine, name: string, column: string): Promise<string> {
  const text = `any_value(value->>'$') filter (where label = ${literal(name)})`
  const [kind] = await engine.rows<{ numeric: boolean }>(
    `select bool_and(json_type(value) in ('BIGINT', 'UBIGINT', 'DOUBLE', 'NULL')) as numeric from latest where label = ${literal(name)}`,
  )
  return `(${text})${kind?.numeric ? '::DOUBLE' : ''} as ${identifier(column)}`
}
