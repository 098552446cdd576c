import { labelColumn, layOutLabels } from '../collected/query.ts'
import {
  type CollectedSources,
  type CollectedTables,
  collectedTables,
  conditionOf,
  type PredictionFilter,
} from '../collected/sources.ts'
import { ColumnNames, writeParquet } from '../collected/table-files.ts'
import { columnTypeOf } from '../column-type.ts'
import type { Engine } from '../engine.ts'
import { identifier, literal } from '../sql-text.ts'
import { ROW_ID, ROW_TIME } from './columns.ts'

/** The rows of a window, with all that is known of each, as one Parquet file. */
export interface WindowTableRequest {
  readonly kind: 'window-table'
  readonly sources: CollectedSources
  readonly filter: PredictionFilter
  /** Only the newest rows. */
  readonly newest?: number
  /** Only rows of which feedback said something in this time, however old they are. */
  readonly labelled?: { readonly since: string; readonly until: string }
  /** An existing folder, and the file in it. */
  readonly output: { readonly folder: string; readonly path: string }
}

/** A column by its name in the data and in the file. */
export interface WindowColumn {
  readonly name: string
  readonly column: string
  readonly type: string
}

export interface WindowTable {
  readonly rows: number
  readonly inputs: readonly WindowColumn[]
  readonly outputs: readonly WindowColumn[]
  /** What feedback said; `label` is that of most. */
  readonly labels: readonly WindowColumn[]
  /** Time of the newest row, RFC 3339. */
  readonly newest?: string
  /** Said of predictions that are not known here. */
  readonly unknown_feedback: number
}

const MOST_LABELS = 50
const MOST_OUTPUTS = 50
/** Answers that are looked at to learn their shape. */
const LOOKED_AT = 20_000

/**
 * Lays out the rows that were answered in a window: ids and times, inputs and outputs by their own names, and the last word of
 * feedback. Where an output or a label has the name of a column before it, it gets a number.
 */
export async function windowTable(engine: Engine, request: WindowTableRequest): Promise<WindowTable> {
  const tables = await collectedTables(engine, request.sources)
  const taken = new ColumnNames()
  for (const name of [ROW_ID, ROW_TIME]) taken.take(name)
  await layOutFound(engine, tables, request)
  const inputs = await joined(engine, 'inputs', tables.inputs, taken)
  const outputs = await outputsOf(engine, tables, taken)
  const labels = await labelsOf(engine, taken)
  const parts = [inputs, outputs, labels].filter(part => part !== undefined)
  const columns = [`f.row_id as ${ROW_ID}`, `f.time as ${ROW_TIME}`, ...parts.flatMap(part => part.select)]
  const query = `select ${columns.join(', ')} from found f ${parts.map(part => part.join).join(' ')}`
  await writeParquet(engine, query, request.output.path)
  const [about] = await engine.rows<{ rows: string; newest: string | null }>(
    `select count(*) as rows, strftime(max(time), '%Y-%m-%dT%H:%M:%S.%gZ') as newest from found`,
  )
  const [unknown] = await engine.rows<{ n: string }>(
    `select count(distinct key) as n from said where key not in (select row_id from found) and key not in (select prediction_id from found)
       and key not in (select correlation_id from found where correlation_id is not null) and ${receivedIn(request.labelled)}`,
  )
  return {
    rows: Number(about?.rows ?? 0),
    inputs: inputs?.columns ?? [],
    outputs: outputs?.columns ?? [],
    labels: labels.columns,
    ...(about?.newest ? { newest: about.newest } : {}),
    unknown_feedback: Number(unknown?.n ?? 0),
  }
}

const receivedIn = (period: WindowTableRequest['labelled']): string =>
  period === undefined
    ? 'false'
    : `received_at >= ${literal(period.since)}::TIMESTAMPTZ and received_at < ${literal(period.until)}::TIMESTAMPTZ`

/** `found`: the answered rows of the window; `latest`: what was said of them last. */
async function layOutFound(engine: Engine, tables: CollectedTables, request: WindowTableRequest): Promise<void> {
  const { filter, newest, labelled } = request
  await engine.run(`create or replace temp table feedback as select * from (${tables.feedback})`)
  const keys = `select key from feedback where ${receivedIn(labelled)}`
  const said =
    labelled === undefined
      ? ''
      : `and (row_id in (${keys}) or prediction_id in (${keys}) or correlation_id in (${keys}))`
  const most = newest === undefined ? '' : `order by time desc, row_id limit ${newest}`
  await engine.run(`create or replace temp table found as select row_id, prediction_id, correlation_id, rows, time, output from (${tables.predictions})
    where ${conditionOf(filter)} and status < 400 ${said} ${most}`)
  await layOutLabels(engine, 'feedback')
}

interface Part {
  readonly select: string[]
  readonly join: string
  readonly columns: WindowColumn[]
}

/** The columns of a collection beside the rows they belong to; a row that was collected twice counts once. */
async function joined(
  engine: Engine,
  alias: string,
  table: CollectedTables['inputs'],
  taken: ColumnNames,
): Promise<Part | undefined> {
  if (table === undefined || table.columns.length === 0) return undefined
  const columns = table.columns.map(({ name, type }) => ({ name, column: taken.take(name), type: columnTypeOf(type) }))
  await engine.run(`create or replace temp table ${alias} as select distinct on (_row_id) * from (${table.sql})
    where _row_id in (select row_id from found)`)
  return {
    columns,
    select: columns.map(({ name, column }) => `${alias}.${identifier(name)} as ${identifier(column)}`),
    join: `left join ${alias} on ${alias}._row_id = f.row_id`,
  }
}

/** What was answered: the collection of outputs where there is one, else the answers themselves, taken apart. */
async function outputsOf(engine: Engine, tables: CollectedTables, taken: ColumnNames): Promise<Part | undefined> {
  const { outputs } = tables
  if (outputs !== undefined) {
    const [held] = await engine.rows<{ held: boolean }>(
      `select count(*) > 0 as held from (${outputs.sql}) where _row_id in (select row_id from found)`,
    )
    if (held?.held) return joined(engine, 'outputs', outputs, taken)
  }
  const leaves = await engine.rows<Leaf>(
    `select fullkey as full, path as parent, key, list(distinct type) as types
     from (select output from found where output is not null limit ${LOOKED_AT}) one, json_tree(one.output)
     where type not in ('OBJECT', 'ARRAY') group by all order by 1 limit ${MOST_OUTPUTS}`,
  )
  return leaves.length === 0 ? undefined : leavesOf(leaves, taken)
}

/** A place in the answers where a value stands. */
interface Leaf {
  readonly full: string
  readonly parent: string | null
  readonly key: string | null
  readonly types: string[]
}

const NUMBERS = ['BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE', 'NULL']

/** A column for each place in the answers: `prediction`, that of an object's property, `prediction_0` of a list. */
function leavesOf(leaves: readonly Leaf[], taken: ColumnNames): Part | undefined {
  const columns: WindowColumn[] = []
  const select: string[] = []
  for (const leaf of leaves) {
    const { types } = leaf
    if (types.every(type => type === 'NULL')) continue
    const numeric = types.every(type => NUMBERS.includes(type))
    const boolean = types.every(type => type === 'BOOLEAN' || type === 'NULL')
    const type = numeric ? 'DOUBLE' : boolean ? 'BOOLEAN' : 'VARCHAR'
    const name = nameOf(leaf)
    const column = taken.take(name)
    columns.push({ name, column, type: columnTypeOf(type) })
    select.push(`try_cast(f.output->>${literal(placeOf(leaf))} as ${type}) as ${identifier(column)}`)
  }
  return columns.length === 0 ? undefined : { columns, select, join: '' }
}

/** Directly below the top a name may hold anything, so it is a JSON pointer (RFC 6901). */
const placeOf = ({ full, parent, key }: Leaf): string =>
  parent === '$' && key !== null ? `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}` : full

/** `$` is prediction, `$[0]` prediction_0, `$.label` label, `$.probability[1]` probability_1. */
function nameOf({ full, parent, key }: Leaf): string {
  const inList = full === '$' || full.startsWith('$[')
  if (parent === '$' && key !== null) return inList ? `prediction_${key}` : String(key)
  const parts = [...full.matchAll(/\.([^.[]+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? index ?? '')
  return [...(inList ? ['prediction'] : []), ...parts].join('_')
}

async function labelsOf(engine: Engine, taken: ColumnNames): Promise<Part> {
  const names = await engine.rows<{ label: string }>(
    `select label from latest group by 1 order by count(*) desc, 1 limit ${MOST_LABELS}`,
  )
  const columns: WindowColumn[] = []
  const select: string[] = []
  for (const { label } of names) {
    const column = taken.take(label === 'label' ? label : `label_${label}`)
    select.push(await labelColumn(engine, label, column))
    columns.push({ name: label, column, type: 'unknown' })
  }
  if (names.length === 0) return { select: [], join: '', columns: [] }
  await engine.run(
    `create or replace temp table labels as select row_id, ${select.join(', ')} from latest group by row_id`,
  )
  return {
    columns,
    select: columns.map(({ column }) => `labels.${identifier(column)}`),
    join: 'left join labels on labels.row_id = f.row_id',
  }
}
