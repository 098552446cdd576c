import { csvRows } from './csv-rows.ts'

export type Row = Record<string, unknown>
type Tensor = { name?: unknown; shape: unknown[]; data: unknown[] }

const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * The rows of a request in any form that endpoints take: MLflow's dataframe_split, dataframe_records, instances, inputs
 * and CSV, Azure ML's input_data and data, tensors of the Open Inference Protocol, plain lists and objects. Undefined when
 * it is none of these.
 */
export function rowsOfRequest(body: Uint8Array, contentType: string): Row[] | undefined {
  const text = textOf(body)
  if (text === undefined || text === '') return undefined
  if (/csv/i.test(contentType)) return csvRows(text)
  const value = jsonOf(text)
  return value === undefined ? undefined : rowsOfValue(unwrapped(value))
}

/**
 * The outputs of an answer, one for each row: the items of `predictions`, of a list or of tensors, or the rows of an
 * object of equally long lists. Anything else is the output of one row.
 */
export function outputsOf(body: Uint8Array, rows: number): unknown[] {
  const text = textOf(body)
  if (text === undefined) return [null]
  let value = jsonOf(text)
  if (typeof value === 'string') value = jsonOf(value) ?? value
  if (value === undefined) return [text]
  if (isObject(value) && value.predictions !== undefined) value = value.predictions
  if (Array.isArray(value)) return value
  if (!isObject(value)) return [value]
  if (isTensors(value.outputs)) return rowsOfTensors(value.outputs).map(single)
  const lists = listsOf(value)
  return lists !== undefined && (lists === rows || rows === 1)
    ? columnsToRows(value as Record<string, unknown[]>)
    : [value]
}

const single = (row: Row): unknown => {
  const values = Object.values(row)
  return values.length === 1 ? values[0] : row
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

function jsonOf(text: string): unknown {
  const value = parsed(text) ?? parsed(text.replace(beyondJson, inJson))
  return isWithin(value, deepest) ? value : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Texts, which stay as they are, and the words that Python's json writes and reads although JSON has none of them. */
const beyondJson = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/gs

/** NaN is missing; what is infinite is too large for a number, which JavaScript reads so. */
function inJson(word: string): string {
  if (word.startsWith('"')) return word
  if (word === 'NaN') return 'null'
  return word.startsWith('-') ? '-1e999' : '1e999'
}

/** JSON.parse takes any depth, but what writes JSON again does not. */
const deepest = 200

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (levels === 0) return false
  for (const item of Array.isArray(value) ? value : Object.values(value)) if (!isWithin(item, levels - 1)) return false
  return true
}

const isObject = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value)

const wrappers = ['dataframe_split', 'dataframe_records', 'instances', 'inputs', 'input_data', 'data'] as const

function unwrapped(value: unknown): unknown {
  if (!isObject(value)) return value
  const known = wrappers.find(name => typeof value[name] === 'object' && value[name] !== null)
  if (known === undefined) return value
  return known === 'data' && Array.isArray(value.columns) ? value : value[known]
}

function rowsOfValue(value: unknown): Row[] {
  if (isTensors(value)) return rowsOfTensors(value)
  if (Array.isArray(value)) return value.map(item => rowOf(item))
  if (!isObject(value)) return [{ value }]
  if (Array.isArray(value.data) && Array.isArray(value.columns)) {
    const names = value.columns.map(String)
    return value.data.map(cells => Object.fromEntries(listOf(cells).map((cell, at) => [names[at] ?? `c${at}`, cell])))
  }
  if (isObject(value.data) || (Array.isArray(value.data) && Object.keys(value).length === 1))
    return rowsOfValue(value.data)
  return listsOf(value) === undefined ? [value] : columnsToRows(value as Record<string, unknown[]>)
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value])

function rowOf(item: unknown): Row {
  if (isObject(item)) return item
  if (Array.isArray(item)) return Object.fromEntries(item.map((cell, at) => [`c${at}`, cell]))
  return { value: item }
}

/** The common length of an object's values when all are lists. */
function listsOf(value: Row): number | undefined {
  const values = Object.values(value)
  const [first] = values
  if (!Array.isArray(first)) return undefined
  return values.every(list => Array.isArray(list) && list.length === first.length) ? first.length : undefined
}

function columnsToRows(columns: Record<string, unknown[]>): Row[] {
  const entries = Object.entries(columns)
  const length = entries[0]?.[1].length ?? 0
  return Array.from({ length }, (_, at) => Object.fromEntries(entries.map(([name, list]) => [name, list[at]])))
}

const isTensors = (value: unknown): value is Tensor[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every(item => isObject(item) && Array.isArray(item.shape) && Array.isArray(item.data) && 'name' in item)

/** Open Inference Protocol v2: the first dimension counts rows, of which there are no more than elements; what is left of a row is flat. */
function rowsOfTensors(tensors: Tensor[]): Row[] {
  const flat = tensors.map(({ name, data }) => ({ name: String(name), data: data.flat(deepest) }))
  const most = (counts: number[]): number => counts.reduce((one, other) => Math.max(one, other), 0)
  const length = Math.min(
    most(tensors.map(({ shape }) => Number(shape[0] ?? 1))),
    most(flat.map(({ data }) => data.length)),
  )
  return Array.from({ length }, (_, row) =>
    Object.fromEntries(
      flat.map(({ name, data }) => {
        const width = Math.max(1, Math.floor(data.length / length))
        return [name, width === 1 ? data[row] : data.slice(row * width, (row + 1) * width)]
      }),
    ),
  )
}
