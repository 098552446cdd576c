import type { Json } from '@duckdb/node-api'
import { cellOf } from './cells.ts'
import { columnTypeOf } from './column-type.ts'
import type { Engine } from './engine.ts'
import { readTable } from './read-table.ts'
import type { Rows } from './requests.ts'
import type { TableSource } from './table-source.ts'

/** The first rows of a table, in its order. */
export async function firstRows(engine: Engine, source: TableSource, limit: number): Promise<Rows> {
  const relation = await readTable(engine, source)
  const found = await engine.rows<Record<string, Json>>(`select * from (${relation.sql}) limit ${limit}`)
  return {
    columns: relation.columns.map(({ name, type }) => ({ name, type: columnTypeOf(type) })),
    rows: found.map(row => relation.columns.map(({ name, type }) => cellOf(row[name], type))),
  }
}
