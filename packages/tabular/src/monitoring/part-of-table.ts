import { HaganeError } from '@hagane/contract'
import { writeParquet } from '../collected/table-files.ts'
import { columnTypeOf, isNumeric } from '../column-type.ts'
import type { Engine } from '../engine.ts'
import { readTable } from '../read-table.ts'
import { identifier, literal } from '../sql-text.ts'
import type { TableSource } from '../table-source.ts'

/** The rows of a table that a monitor looks at, as one Parquet file. */
export interface TablePartRequest {
  readonly kind: 'table-part'
  readonly source: TableSource
  /** Only rows of which this column has one of the values. */
  readonly segment?: { readonly column: string; readonly values: readonly unknown[] }
  /** Only rows of this time: from since, included, to until, excluded (RFC 3339); with `newest` the last ones of them. */
  readonly time?: {
    readonly column: string
    readonly since: string
    readonly until: string
    readonly newest?: number
  }
  readonly output: { readonly folder: string; readonly path: string }
}

export interface TablePart {
  readonly rows: number
  /** Time of the newest row, RFC 3339. */
  readonly newest?: string
}

type Columns = { name: string; type: string }[]

/** Throws invalid where the table has no such column, or its times are none. */
export async function partOfTable(engine: Engine, request: TablePartRequest): Promise<TablePart> {
  const { source, segment, time, output } = request
  const { sql, columns } = await readTable(engine, source)
  const moment = time === undefined ? undefined : momentOf(source, columns, time.column)
  const conditions = [
    ...(segment === undefined ? [] : [isOneOf(source, columns, segment)]),
    ...(time === undefined
      ? []
      : [`${moment} >= ${literal(time.since)}::timestamptz and ${moment} < ${literal(time.until)}::timestamptz`]),
  ]
  const most = time?.newest === undefined ? '' : `order by ${moment} desc limit ${time.newest}`
  const query = `select * from (${sql}) where ${conditions.join(' and ') || 'true'} ${most}`
  await writeParquet(engine, query, output.path)
  const newest = moment === undefined ? 'null' : `strftime(max(${moment}), '%Y-%m-%dT%H:%M:%S.%gZ')`
  const [found] = await engine.rows<{ rows: string; newest: string | null }>(
    `select count(*) as rows, ${newest} as newest from read_parquet(${literal(output.path)})`,
  )
  return { rows: Number(found?.rows ?? 0), ...(found?.newest ? { newest: found.newest } : {}) }
}

/** Values as they are written: a number equals the same number in another spelling, everything else the same text. */
function isOneOf(
  source: TableSource,
  columns: Columns,
  { column, values }: NonNullable<TablePartRequest['segment']>,
): string {
  const { type } = columnNamed(source, columns, column, 'data_segment.feature_name')
  const name = identifier(column)
  const texts = values.map(value => literal(value === null ? '' : String(value)))
  if (isNumeric(columnTypeOf(type)))
    return `${name}::double in (select try_cast(unnest([${texts.join(', ')}]) as double))`
  if (type === 'BOOLEAN') return `${name} in (select try_cast(unnest([${texts.join(', ')}]) as boolean))`
  return `${name}::varchar in (${texts.join(', ')})`
}

/** The column as a moment; numbers are seconds since 1970. */
function momentOf(source: TableSource, columns: Columns, column: string): string {
  const { type } = columnNamed(source, columns, column, 'data_column_names.timestamp')
  const name = identifier(column)
  return isNumeric(columnTypeOf(type)) ? `to_timestamp(${name}::double)` : `try_cast(${name}::varchar as timestamptz)`
}

function columnNamed(source: TableSource, columns: Columns, wanted: string, property: string): Columns[number] {
  const found = columns.find(({ name }) => name === wanted)
  if (found !== undefined) return found
  const allowed = columns.map(({ name }) => name).slice(0, 50)
  throw new HaganeError('invalid', `${property}: ${source.name} has no column '${wanted}'`, {
    details: [{ property, message: 'no such column', sent: wanted, allowed }],
    hint: `its columns: ${allowed.join(', ')}`,
  })
}
