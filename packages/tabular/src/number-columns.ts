import type { DuckDBDataChunk, DuckDBMaterializedResult } from '@duckdb/node-api'

/** A column without what is no number. NaN counts as missing; write null as NaN. */
export interface NumberColumn {
  readonly values: Float64Array
  readonly missing: number
  readonly infinite: number
}

/** Copies out of the vectors of DuckDB: a value as an object of its own would cost ten times as much. */
export function doubleColumns(result: DuckDBMaterializedResult): Float64Array[] {
  const { columnCount, rowCount, chunkCount } = result
  const columns = Array.from({ length: columnCount }, () => new Float64Array(rowCount))
  let at = 0
  for (let index = 0; index < chunkCount; index++) {
    const chunk = result.getChunk(index)
    for (const [column, values] of columns.entries()) values.set(itemsOf(chunk, column), at)
    at += chunk.rowCount
  }
  return columns
}

/** The array behind a vector: private there, and the only way without an object for each value. */
const itemsOf = (chunk: DuckDBDataChunk, column: number): Float64Array =>
  (chunk.getColumnVector(column) as unknown as { items: Float64Array }).items

/** The columns of one row of lists: DuckDB puts a list together on its own threads, where chunks would have to be copied on this one. */
export function listColumns(result: DuckDBMaterializedResult): Float64Array[] {
  const chunk = result.getChunk(0)
  return Array.from({ length: result.columnCount }, (_, column) => {
    const vector = chunk.getColumnVector(column) as unknown as { childData: { items: Float64Array } }
    return vector.childData.items.slice()
  })
}

/** Moves the finite numbers to the front of the array, in their order. */
export function finiteOf(values: Float64Array): NumberColumn {
  let [count, missing, infinite] = [0, 0, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    if (value - value === 0)
      values[count++] = value + 0 // one zero, not two
    else if (Number.isNaN(value)) missing++
    else infinite++
  }
  return { values: values.subarray(0, count), missing, infinite }
}
