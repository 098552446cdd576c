import { HaganeError } from '@hagane/contract'
import { misfit, misfitText, putCell } from '../inference/cells.ts'
import { type Column, columnOrder, readCell } from '../inference/columns.ts'
import { tensorOfNested } from '../inference/nested.ts'
import { absent, type ModelInput, type NamedInput, type Table, type TensorsInput } from '../inference/request.ts'
import { arrayOf, checkShape, concatenate, type Tensor, type TensorSpec } from '../inference/tensor.ts'
import { checkWidth } from '../protocols/mlflow-json.ts'
import { castTensor } from './cast.ts'

/** What one request gives the model. A table is answered row by row, arrays by output, as MLflow does. */
export interface Feeds {
  readonly tensors: readonly Tensor[]
  readonly rows: number
  readonly isTable: boolean
}

/**
 * Turns what a caller sent into the tensors that a model takes, checked by the model's signature, or by its own inputs
 * where it has none. Throws `invalid` that names input or column, row, expected and found type.
 */
export class FeedBuilder {
  readonly #inputs: readonly TensorSpec[]
  readonly #columns: readonly Column[] | undefined

  constructor(inputs: readonly TensorSpec[], columns: readonly Column[] | undefined) {
    this.#inputs = inputs
    this.#columns = columns
  }

  build(input: ModelInput): Feeds {
    if (input.kind === 'tensors') return this.#ofTensors(input)
    if (input.kind === 'table') return this.#ofTable(input)
    if (input.kind === 'named') return this.#ofNamed(input)
    const [only] = this.#inputs
    if (this.#inputs.length !== 1 || only === undefined) throw this.#namesWanted('one list')
    if (this.#columns !== undefined) return this.#ofTable(tableOfList(input.value))
    return feeds([tensorOfNested(only, input.value)], false)
  }

  #ofTable(table: Table): Feeds {
    const [only] = this.#inputs
    const signature = this.#columns
    if (this.#inputs.length > 1) return feeds(this.#columnInputs(table), true)
    if (only === undefined) throw this.#namesWanted('a table')
    if (signature !== undefined) return feeds([matrixBySignature(only, signature, table)], true)
    const rows = table.text ? table.rows.map(row => row.map(cell => numberOf(cell as string))) : table.rows
    return feeds([matrix(only, rows, table)], true)
  }

  /** Several inputs: each is the column of its name. */
  #columnInputs(table: Table): Tensor[] {
    const names = table.columns
    if (names === undefined) throw this.#namesWanted('rows without column names')
    const signature = this.#columns ?? this.#inputs.map(({ name }) => ({ name, type: '', required: true }))
    const order = columnOrder(signature, table)
    return this.#inputs.map(spec => {
      const at = signature.findIndex(({ name }) => name === spec.name)
      const [column, position] = [signature[at], order[at] ?? -1]
      if (column === undefined || position < 0) throw this.#namesWanted(names.join(', '))
      const data = arrayOf(spec.datatype, table.rows.length)
      for (const [row, cells] of table.rows.entries()) {
        const raw = cells[position]
        const cell = column.type === '' ? raw : readCell(column, spec.name, row, raw, table.text)
        if (!putCell(data, row, spec.datatype, cell)) throw columnMisfit(spec, spec.name, row, cell)
      }
      const shape = spec.shape.length === 2 ? [table.rows.length, 1] : [table.rows.length]
      checkShape(spec.name, shape, spec.shape)
      return { name: spec.name, datatype: spec.datatype, shape, data }
    })
  }

  #ofNamed({ values }: NamedInput): Feeds {
    this.#checkNames(Object.keys(values))
    return feeds(
      this.#inputs.map(spec => tensorOfNested(spec, values[spec.name])),
      false,
    )
  }

  #ofTensors({ tensors }: TensorsInput): Feeds {
    const byName = new Map(tensors.map(tensor => [tensor.name, tensor]))
    const columns = this.#columns
    if (columns !== undefined && !byName.has(this.#inputs[0]?.name ?? '') && columns[0]?.name !== undefined) {
      const table = tableOfTensors(tensors)
      if (table !== undefined) return { ...this.#ofTable(table), isTable: true }
    }
    this.#checkNames([...byName.keys()])
    return feeds(
      this.#inputs.map(spec => {
        const tensor = byName.get(spec.name) as Tensor
        checkShape(spec.name, tensor.shape, spec.shape)
        return castTensor(tensor, spec.datatype)
      }),
      false,
    )
  }

  #checkNames(given: readonly string[]): void {
    const wanted = this.#inputs.map(({ name }) => name)
    const missing = wanted.filter(name => !given.includes(name))
    const unknown = given.filter(name => !wanted.includes(name))
    if (missing.length === 0 && unknown.length === 0) return
    const what = missing.length > 0 ? `missing input ${quoted(missing)}` : `unknown input ${quoted(unknown)}`
    throw new HaganeError('invalid', what, {
      hint: `the model takes ${quoted(wanted)}`,
      details: [{ property: 'inputs', message: what, sent: [...given], allowed: wanted }],
    })
  }

  #namesWanted(found: string): HaganeError {
    const names = this.#inputs.map(({ name }) => name)
    return new HaganeError('invalid', `the model takes ${names.length} inputs by name, found ${found}`, {
      details: [{ property: 'inputs', message: 'name each input', sent: found, allowed: names }],
    })
  }
}

const quoted = (names: readonly string[]): string => names.map(name => `'${name}'`).join(', ')

const feeds = (tensors: Tensor[], isTable: boolean): Feeds => ({ tensors, rows: tensors[0]?.shape[0] ?? 1, isTable })

function tableOfList(value: unknown): Table {
  const list = Array.isArray(value) ? value : [value]
  const rows = list.every(Array.isArray) ? (list as unknown[][]) : list.map(cell => [cell])
  return { kind: 'table', columns: undefined, rows, text: false }
}

/** Columns that came as one tensor each, of shape [n] or [n, 1]. */
function tableOfTensors(tensors: readonly Tensor[]): Table | undefined {
  const count = tensors[0]?.shape[0] ?? 0
  if (
    !tensors.every(({ shape }) => shape[0] === count && (shape.length === 1 || (shape.length === 2 && shape[1] === 1)))
  )
    return undefined
  const plain = tensors.map(({ data, datatype }) =>
    Array.from(data as ArrayLike<unknown>, value =>
      datatype === 'BOOL' ? value === 1 : typeof value === 'bigint' ? Number(value) : value,
    ),
  )
  const rows = Array.from({ length: count }, (_, row) => plain.map(column => column[row]))
  return { kind: 'table', columns: tensors.map(({ name }) => name), rows, text: false }
}

function matrixBySignature(spec: TensorSpec, signature: readonly Column[], table: Table): Tensor {
  const order = columnOrder(signature, table)
  if (table.columns === undefined || signature[0]?.name === undefined) checkWidth(table.rows, signature.length)
  const shape = [table.rows.length, signature.length]
  checkShape(spec.name, shape, spec.shape)
  const data = arrayOf(spec.datatype, table.rows.length * signature.length)
  let at = 0
  for (let row = 0; row < table.rows.length; row += 1) {
    const cells = table.rows[row] as readonly unknown[]
    for (let index = 0; index < signature.length; index += 1, at += 1) {
      const column = signature[index] as Column
      const position = order[index] as number
      const raw = position < 0 ? absent : cells[position]
      const label = column.name ?? String(index)
      const cell = readCell(column, label, row, raw, table.text && raw !== absent)
      const value = typeof cell === 'boolean' && spec.datatype !== 'BOOL' ? Number(cell) : cell
      if (!putCell(data, at, spec.datatype, value)) throw columnMisfit(spec, label, row, value)
    }
  }
  return { name: spec.name, datatype: spec.datatype, shape, data }
}

function matrix(spec: TensorSpec, rows: Table['rows'], { columns }: Table): Tensor {
  const width = rows[0]?.length ?? columns?.length ?? spec.shape[1] ?? 0
  checkWidth(rows, width)
  const shape = [rows.length, width]
  checkShape(spec.name, shape, spec.shape)
  const data = arrayOf(spec.datatype, rows.length * width)
  for (const [row, cells] of rows.entries()) {
    for (const [index, cell] of cells.entries()) {
      if (!putCell(data, row * width + index, spec.datatype, cell))
        throw columnMisfit(spec, columns?.[index] ?? String(index), row, cell)
    }
  }
  return { name: spec.name, datatype: spec.datatype, shape, data }
}

const numberOf = (text: string): unknown => (text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text))

const columnMisfit = ({ datatype }: TensorSpec, label: string, row: number, cell: unknown): HaganeError =>
  misfit(`column '${label}', row ${row}`, `${label}[${row}]`, datatype, misfitText(datatype, cell), cell)

/** The feeds of several requests as one, in their order. */
export const joinFeeds = (all: readonly Feeds[]): Tensor[] =>
  (all[0] as Feeds).tensors.map((_, at) => concatenate(all.map(one => one.tensors[at] as Tensor)))
