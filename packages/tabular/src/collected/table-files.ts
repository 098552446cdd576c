import { createHash } from 'node:crypto'
import { closeSync, createReadStream, openSync, statSync, writeSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Engine } from '../engine.ts'
import { identifier, literal } from '../sql-text.ts'
import type { Row } from './decode.ts'
import { feedbackColumns, ownColumns, predictionColumns } from './schemas.ts'

const pieceLength = 2 ** 20
const smallestLimit = 16 * 2 ** 20

interface OpenTable {
  readonly path: string
  readonly descriptor: number
  readonly columns: TableColumns
  text: string
  rows: number
  longest: number
}

/** A finished file of JSON lines. */
export interface Lines {
  readonly table: string
  readonly rows: number
  /** Reads it, every column by the type of its values. */
  readonly query: string
}

/** Rows of several tables on their way to files of JSON lines. */
export class TableFiles {
  readonly #prefix: string
  readonly #tables = new Map<string, OpenTable>()

  /** Files are named after `prefix`, a path. */
  constructor(prefix: string) {
    this.#prefix = prefix
  }

  readonly emit = (table: string, row: Row): void => {
    const open = this.#tables.get(table) ?? this.#create(table)
    const line = `${JSON.stringify(open.columns.take(row))}\n`
    open.text += line
    open.rows += 1
    open.longest = Math.max(open.longest, line.length)
    if (open.text.length > pieceLength) write(open)
  }

  /** Writes what is left. */
  finish(): Lines[] {
    return [...this.#tables].map(([table, open]) => {
      write(open)
      closeSync(open.descriptor)
      const most = Math.max(smallestLimit, 4 * open.longest)
      const query = `select * from read_json(${literal(open.path)}, format = 'newline_delimited', maximum_object_size = ${most}, columns = {${open.columns.types()}})`
      return { table, rows: open.rows, query }
    })
  }

  #create(table: string): OpenTable {
    const path = `${this.#prefix}-${this.#tables.size}.ndjson`
    const columns = new TableColumns(fixed[table] ?? ownColumns, table in fixed)
    const open = { path, descriptor: openSync(path, 'ax', 0o600), columns, text: '', rows: 0, longest: 0 }
    this.#tables.set(table, open)
    return open
  }
}

const fixed: Record<string, Record<string, string>> = { predictions: predictionColumns, feedback: feedbackColumns }

/**
 * The columns that rows turn out to have: whole numbers, numbers, true and false, or text where values are mixed or nested.
 * DuckDB does not tell names apart by case, so a second spelling gets a number.
 */
class TableColumns {
  readonly #types: Map<string, string>
  readonly #names = new Map<string, string>()
  readonly #spellings = new Set<string>()
  readonly #isFixed: boolean

  constructor(known: Record<string, string>, isFixed: boolean) {
    this.#types = new Map(Object.entries(known))
    this.#isFixed = isFixed
    for (const name of this.#types.keys()) this.#name(name)
  }

  /** The row as it is written; most rows are, as they come. */
  take(row: Row): Row {
    if (this.#isFixed) return row
    let fits = true
    for (const given in row) {
      const name = this.#names.get(given) ?? this.#name(given)
      const value = row[given]
      const type = typeOf(value)
      if (name !== given || (type === 'VARCHAR' && typeof value !== 'string')) fits = false
      const known = this.#types.get(name)
      if (type !== undefined && type !== known) this.#types.set(name, known === undefined ? type : common(known, type))
    }
    return fits ? row : this.#fitted(row)
  }

  #fitted(row: Row): Row {
    const text = (value: unknown) =>
      typeOf(value) === 'VARCHAR' && typeof value !== 'string' ? JSON.stringify(value) : value
    return Object.fromEntries(
      Object.entries(row).map(([given, value]) => [this.#names.get(given) ?? given, text(value)]),
    )
  }

  types(): string {
    for (const name of this.#names.values()) if (!this.#types.has(name)) this.#types.set(name, 'VARCHAR')
    return [...this.#types].map(([name, type]) => `${identifier(name)}: ${literal(type)}`).join(', ')
  }

  #name(given: string): string {
    let name = given === '' ? '_' : given
    for (let n = 1; this.#spellings.has(name.toLowerCase()); n += 1) name = `${given}_${n}`
    this.#spellings.add(name.toLowerCase())
    this.#names.set(given, name)
    return name
  }
}

function typeOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined
  if (typeof value === 'boolean') return 'BOOLEAN'
  if (typeof value !== 'number') return 'VARCHAR'
  return Number.isSafeInteger(value) ? 'BIGINT' : 'DOUBLE'
}

function common(known: string, type: string): string {
  if (known === 'TIMESTAMPTZ') return known
  const isNumeric = (one: string): boolean => one === 'BIGINT' || one === 'DOUBLE'
  return isNumeric(known) && isNumeric(type) ? 'DOUBLE' : 'VARCHAR'
}

function write(open: OpenTable): void {
  const bytes = Buffer.from(open.text)
  open.text = ''
  for (let at = 0; at < bytes.length; ) at += writeSync(open.descriptor, bytes, at)
}

/** Writes a table as Parquet; its size and SHA-256. */
export async function writeParquet(
  engine: Engine,
  query: string,
  path: string,
): Promise<{ size: number; digest: string }> {
  await engine.run(`copy (${query}) to ${literal(path)} (format parquet, compression zstd)`)
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return { size: statSync(path).size, digest: hash.digest('hex') }
}
