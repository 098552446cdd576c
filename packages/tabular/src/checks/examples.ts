import type { Json } from '@duckdb/node-api'
import type { ExpectationResult } from '@hagane/contract'
import { cellOf } from '../cells.ts'
import type { Engine } from '../engine.ts'
import type { Relation } from '../relation.ts'

const EXAMPLES = 5
type Columns = Relation['columns']

/** Rows that fail, with their number in the table counted from 1. */
export async function exampleRows(
  engine: Engine,
  condition: string,
  columns: Columns,
): Promise<ExpectationResult['examples']> {
  const found = await engine.rows<Record<string, Json>>(
    `select rowid + 1 as "row number", * from checked where ${condition} order by rowid limit ${EXAMPLES}`,
  )
  return found.map(row =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        cellOf(value, columns.find(column => column.name === name)?.type ?? 'BIGINT'),
      ]),
    ),
  )
}
