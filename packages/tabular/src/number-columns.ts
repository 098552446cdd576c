import type { DuckDBDataChunk, DuckDBMaterializedResult } from '@duckdb/node-api'

/** A column without what is no number. NaN counts as missing; write null as NaN. */
export interface NumberColumn {
  readonly values: Float64Array
  readonly missing: number
  readonly infinite: number
}

/** Copies out of the vectors of DuckDB: a value as an object of its own would cost ten times as much. */
export function numberColumns(result: DuckDBMaterializedResult): NumberColumn[] {
  const { columnCount, rowCount, chunkCount } = result
  const targets = Array.from({ length: columnCount }, () => new Target(rowCount))
  for (let at = 0; at < chunkCount; at++) {
    const chunk = result.getChunk(at)
    for (const [column, target] of targets.entries()) target.take(itemsOf(chunk, column), chunk.rowCount)
  }
  return targets.map(target => target.column())
}

const itemsOf = (chunk: DuckDBDataChunk, column: number): Float64Array =>
  (chunk.getColumnVector(column) as unknown as { items: Float64Array }).items // private there, and the only way without an object for each value

class Target {
  readonly #values: Float64Array
  #count = 0
  #missing = 0
  #infinite = 0

  constructor(rows: number) {
    this.#values = new Float64Array(rows)
  }

  take(items: Float64Array, count: number): void {
    const values = this.#values
    let at = this.#count
    for (let i = 0; i < count; i++) {
      const value = items[i] as number
      if (value - value === 0)
        values[at++] = value === 0 ? 0 : value // one zero, not two
      else if (Number.isNaN(value)) this.#missing++
      else this.#infinite++
    }
    this.#count = at
  }

  column(): NumberColumn {
    return { values: this.#values.subarray(0, this.#count), missing: this.#missing, infinite: this.#infinite }
  }
}
