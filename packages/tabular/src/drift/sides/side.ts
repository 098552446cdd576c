import type { ColumnKind } from '@hagane/contract'
import { columnTypeOf, isNumeric } from '../../column-type.ts'
import type { Engine } from '../../engine.ts'
import { stored } from '../../profile.ts'
import { readTable } from '../../read-table.ts'
import type { Relation } from '../../relation.ts'
import { identifier } from '../../sql-text.ts'
import { collectedMarks, collectedRows } from '../collected-rows.ts'
import type { DriftSource } from '../types.ts'

/** One of the two tables, ready to be read column by column. */
export interface Side {
  readonly name?: string
  readonly relation: Relation
  readonly rows: number
  /** Columns that say which row it is and are no feature. */
  readonly marks: readonly string[]
}

/** Opens a table: Parquet is read where it lies, everything else is laid out by columns once. */
export async function openSide(engine: Engine, source: DriftSource, name: string): Promise<Side> {
  const relation = await relationOf(engine, source, name)
  const [counted] = await engine.rows<{ n: string }>(`select count(*) as n from (${relation.sql})`)
  return {
    ...('name' in source ? { name: source.name } : {}),
    relation,
    rows: Number(counted?.n ?? 0),
    marks: 'collected' in source ? collectedMarks : [],
  }
}

async function relationOf(engine: Engine, source: DriftSource, name: string): Promise<Relation> {
  if ('collected' in source) return collectedRows(engine, source, name)
  const relation = await readTable(engine, source)
  return source.path.toLowerCase().endsWith('.parquet') ? relation : stored(engine, relation, name)
}

/** The rows that are looked at where a table has more: every k-th. */
export const sampleOf = ({ relation, rows }: Side, most: number): string => {
  const step = Math.max(1, Math.ceil(rows / most))
  return step === 1
    ? relation.sql
    : `select * exclude (_place) from (select *, row_number() over () as _place from (${relation.sql})) where _place % ${step} = 0`
}

/** A feature as both tables have it. */
export interface Feature {
  readonly name: string
  readonly kind: ColumnKind
  /** Whole numbers on both sides: numpy has bins of its own for them. */
  readonly whole: boolean
  readonly referenceType: string
  readonly currentType: string
}

/** The column as a number, NaN where there is none: of times the seconds since 1970. */
export function numberOf(name: string, type: string, kind: ColumnKind): string {
  const column = identifier(name)
  if (kind === 'time') return `coalesce(epoch(try_cast(${column} as timestamp))::double, 'nan')`
  const number = isNumeric(columnTypeOf(type)) ? `${column}::double` : `try_cast(${column}::varchar as double)`
  return `coalesce(${number}, 'nan')`
}

/** The column as a category; what is missing, also as NaN, is null. */
export function categoryOf(name: string, type: string): string {
  const column = identifier(name)
  return /^(DOUBLE|FLOAT)/.test(type) ? `nullif(${column}::varchar, 'nan')` : `${column}::varchar`
}
