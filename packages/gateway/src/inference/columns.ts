import { HaganeError } from '@hagane/contract'
import { misfit } from './cells.ts'
import { absent, foundText, type Table } from './request.ts'

/** A column of a signature; `type` is one of MLflow's scalar types (mlflow.types.DataType). */
export interface Column {
  readonly name?: string
  readonly type: string
  readonly required: boolean
}

/** Reads a cell as its column's type: a number, text or truth value; throws `invalid` that names column, row and types. */
export function readCell(column: Column, label: string, row: number, cell: unknown, text: boolean): unknown {
  const value = text ? fromText(column, cell as string) : cell
  if (fits(column, value)) return value === null || value === absent ? Number.NaN : value
  throw misfit(`column '${label}', row ${row}`, `${label}[${row}]`, column.type, foundText(text ? cell : value), cell)
}

function fits({ type, required }: Column, value: unknown): boolean {
  if (type === 'double' || type === 'float') {
    return typeof value === 'number' || value === null || (value === absent && !required)
  }
  if (type === 'boolean') return typeof value === 'boolean'
  if (type === 'string') return typeof value === 'string'
  if (typeof value !== 'number' || !Number.isInteger(value)) return false
  return type === 'integer' ? Math.abs(value) < 2 ** 31 : Math.abs(value) < 2 ** 63
}

/** An empty cell of CSV is a missing value. What is not of the type comes back as it was, and is refused. */
function fromText({ type }: Column, cell: string): unknown {
  if (type === 'string') return cell
  const bare = cell.trim()
  if (bare === '') return null
  if (type === 'boolean') return truths.get(bare.toLowerCase()) ?? cell
  const value = /^nan$/i.test(bare) ? Number.NaN : Number(bare)
  return Number.isNaN(value) && !/^nan$/i.test(bare) ? cell : value
}

const truths = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])

/** Where each column of a signature stands in a table's rows. Throws `invalid` that lists what is missing. */
export function columnOrder(signature: readonly Column[], table: Table): number[] {
  const { columns } = table
  if (columns === undefined || signature[0]?.name === undefined) return signature.map((_, at) => at)
  const position = new Map(columns.map((name, at) => [name, at]))
  const missing = signature.flatMap(({ name = '', required }) => (required && !position.has(name) ? [name] : []))
  if (missing.length === 0) return signature.map(({ name = '' }) => position.get(name) ?? -1)
  const names = missing.map(name => `'${name}'`).join(', ')
  throw new HaganeError('invalid', `missing ${missing.length === 1 ? 'column' : 'columns'} ${names}`, {
    hint: `the model's signature has ${signature.map(({ name, type }) => `'${name}' (${type})`).join(', ')}`,
    details: missing.map(property => ({
      property,
      message: 'required by the signature, not sent',
      sent: [...columns],
    })),
  })
}
