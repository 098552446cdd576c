import { createHash } from 'node:crypto'
import { closeSync, createReadStream, openSync, statSync, writeSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Engine } from '../engine.ts'
import { identifier, literal } from '../sql-text.ts'
import type { Row } from './decode.ts'
import { FEEDBACK, feedbackColumns, ownColumns, PREDICTIONS, predictionColumns } from './schemas.ts'

const pieceLength = 2 ** 20
const smallestLimit = 16 * 2 ** 20
/** Columns of a file: DuckDB takes memory for each, and callers choose their names. Further ones are in `_more`, as JSON. */
const mostColumns = 2000

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
    const line = `${jsonOf(open.columns.take(row))}\n`
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
    const columns = new TableColumns(fixed.get(table) ?? ownColumns, fixed.has(table))
    const open = { path, descriptor: openSync(path, 'ax', 0o600), columns, text: '', rows: 0, longest: 0 }
    this.#tables.set(table, open)
    return open
  }
}

const fixed = new Map<string, Record<string, string>>([
  [PREDICTIONS, predictionColumns],
  [FEEDBACK, feedbackColumns],
])

/** JSON in which what is half a character, which DuckDB does not read, is replaced as in any UTF-8. */
export function jsonOf(value: unknown): string {
  const text = JSON.stringify(value)
  // JSON.stringify escapes no other characters with these letters, but a backslash before them may be the text's own
  return text.includes('\\ud') ? text.replace(/(?<!\\)((?:\\\\)*)\\ud[0-9a-f]{3}/g, '$1\ufffd') : text
}

/**
 * Names for columns. DuckDB does not tell them apart by case, so a second spelling gets a number; and its SQL ends at a zero.
 */
export class ColumnNames {
  readonly #spellings = new Set<string>()

  take(given: string): string {
    const plain = given.toWellFormed().replaceAll('\0', '\ufffd')
    let name = plain === '' ? '_' : plain
    for (let n = 1; this.#spellings.has(name.toLowerCase()); n += 1) name = `${plain}_${n}`
    this.#spellings.add(name.toLowerCase())
    return name
  }
}

/** The columns that rows turn out to have: whole numbers, numbers, true and false, or text where values are mixed or nested. */
class TableColumns {
  readonly #types: Map<string, string>
  readonly #names = new Map<string, string>()
  readonly #taken = new ColumnNames()
  readonly #isFixed: boolean
  #more: string | undefined

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
      if (name === undefined) {
        fits = false
        continue
      }
      const value = row[given]
      const type = typeOf(value)
      if (name !== given || (type === 'VARCHAR' ? typeof value !== 'string' : !isInJson(value))) fits = false
      const known = this.#types.get(name)
      if (type !== undefined && type !== known) this.#types.set(name, known === undefined ? type : common(known, type))
    }
    return fits ? row : this.#fitted(row)
  }

  #fitted(row: Row): Row {
    const text = (value: unknown) => {
      if (!isInJson(value)) return String(value)
      return typeOf(value) === 'VARCHAR' && typeof value !== 'string' ? JSON.stringify(value) : value
    }
    const cells = Object.entries(row).map(([given, value]) => [this.#names.get(given), given, value] as const)
    const more = cells.flatMap(([name, given, value]) => (name === undefined ? [[given, value]] : []))
    const own = cells.flatMap(([name, , value]) => (name === undefined ? [] : [[name, text(value)]]))
    if (more.length === 0) return Object.fromEntries(own)
    this.#more ??= this.#taken.take('_more')
    this.#types.set(this.#more, 'VARCHAR')
    return Object.fromEntries([...own, [this.#more, JSON.stringify(Object.fromEntries(more))]])
  }

  types(): string {
    for (const name of this.#names.values()) if (!this.#types.has(name)) this.#types.set(name, 'VARCHAR')
    return [...this.#types].map(([name, type]) => `${identifier(name)}: ${literal(type)}`).join(', ')
  }

  /** undefined when there are enough. */
  #name(given: string): string | undefined {
    if (this.#names.size >= mostColumns) return undefined
    const name = this.#taken.take(given)
    this.#names.set(given, name)
    return name
  }
}

/** DuckDB takes what is infinite as a text. */
const isInJson = (value: unknown): boolean => typeof value !== 'number' || Number.isFinite(value)

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
