import { HaganeError } from '@hagane/contract'
import { absent, foundText, type InferenceRequest, type ModelInput, type Table } from '../inference/request.ts'
import { readCsv } from './csv.ts'

const readers = {
  input_data: (value: unknown) => (isObject(value) && isSplit(value) ? splitTable(value) : ofInputs(value)),
  dataframe_split: splitTable,
  dataframe_records: recordsTable,
  instances: ofInputs,
  inputs: ofInputs,
}
const formats = Object.keys(readers) as (keyof typeof readers)[]
const contentTypes = ['application/json', 'text/csv']

/**
 * Reads the body of /invocations or /score: MLflow's `dataframe_split`, `dataframe_records`, `instances`, `inputs` and
 * CSV, Azure ML's `input_data`. Source: mlflow.pyfunc.scoring_server. Throws `invalid`, or `unsupported` for another type.
 */
export function readMlflow(contentType: string, body: Buffer): InferenceRequest {
  if (contentType === 'application/json' || contentType === '') return readJson(body)
  const [kind = '', ...parameters] = contentType.split(';').map(part => part.trim().toLowerCase())
  const charset = parameters
    .find(one => one.startsWith('charset='))
    ?.slice(8)
    .replaceAll(/["']/g, '')
  const unknown = parameters.find(one => one !== '' && !one.startsWith('charset='))
  if (unknown !== undefined) throw unsupportedType(contentType)
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') throw unsupportedType(contentType)
  if (kind === 'text/csv') return { input: readCsv(body) }
  if (kind === 'application/json' || kind.endsWith('+json')) return readJson(body)
  throw unsupportedType(contentType)
}

class UnsupportedType extends HaganeError {
  override get status(): number {
    return 415
  }
}

const unsupportedType = (sent: string): HaganeError =>
  new UnsupportedType('unsupported', `content-type '${sent}' is not supported`, {
    details: [{ property: 'content-type', message: 'not supported', sent, allowed: contentTypes }],
  })

/** JSON of a body; throws `invalid`. */
export function parseJson(body: Buffer, hint: string): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw new HaganeError('invalid', `the body is not JSON: ${(error as Error).message.slice(0, 200)}`, { hint })
  }
}

function readJson(body: Buffer): InferenceRequest {
  const value = parseJson(body, `send one of ${formats.join(', ')}`)
  if (!isObject(value)) throw mustHaveOneFormat(foundText(value))
  const given = formats.filter(format => Object.hasOwn(value, format))
  const [format] = given
  if (format === undefined || given.length > 1) {
    throw mustHaveOneFormat(Object.keys(value).slice(0, 10).sort().join(', ') || 'nothing')
  }
  const input = readers[format](value[format])
  if (value.params === undefined || value.params === null) return { input }
  if (!isObject(value.params)) throw new HaganeError('invalid', 'params must be an object')
  return { input, params: value.params }
}

const mustHaveOneFormat = (found: string): HaganeError =>
  new HaganeError(
    'invalid',
    `the body must be a JSON object with exactly one of ${formats.join(', ')}, found ${found}`,
    {
      details: [{ property: '', message: 'exactly one input format', sent: found, allowed: formats }],
    },
  )

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const splitKeys = new Set(['columns', 'index', 'data'])
const isSplit = (value: Record<string, unknown>): boolean =>
  Object.hasOwn(value, 'data') && Object.keys(value).every(key => splitKeys.has(key))

function splitTable(value: unknown): Table {
  if (!isObject(value) || !isSplit(value)) {
    const found = isObject(value) ? Object.keys(value).sort().join(', ') : foundText(value)
    throw new HaganeError(
      'invalid',
      `a split table is an object with data and optionally columns and index, found ${found}`,
    )
  }
  const { columns, data } = value
  if (!Array.isArray(data) || !(columns === undefined || columns === null || Array.isArray(columns))) {
    throw new HaganeError('invalid', 'columns and data of a split table must be lists')
  }
  const names = columns?.map(String)
  const rows = data.map((row: unknown) => {
    if (Array.isArray(row)) return row
    if (names?.length === 1) return [row]
    throw new HaganeError('invalid', 'each row in data must be a list')
  })
  if (names !== undefined) checkWidth(rows, names.length)
  return { kind: 'table', columns: names, rows, text: false }
}

/** Throws `invalid` for the first row that has not `width` cells. */
export function checkWidth(rows: Table['rows'], width: number): void {
  const row = rows.findIndex(cells => cells.length !== width)
  if (row < 0) return
  const cells = rows[row] ?? []
  throw new HaganeError('invalid', `row ${row} has ${cells.length} values, expected ${width}`, {
    details: [
      { property: `data[${row}]`, message: 'wrong number of values', sent: cells.slice(0, 20), allowed: width },
    ],
  })
}

function recordsTable(value: unknown): Table {
  if (!Array.isArray(value) || !value.every(isObject)) {
    throw new HaganeError('invalid', `dataframe_records must be a list of objects, found ${foundText(value)}`)
  }
  const columns = [...new Set(value.flatMap(record => Object.keys(record)))]
  const rows = value.map(record => columns.map(name => (Object.hasOwn(record, name) ? record[name] : absent)))
  return { kind: 'table', columns, rows, text: false }
}

function ofInputs(value: unknown): ModelInput {
  if (isObject(value)) return columnsOf(value)
  if (Array.isArray(value) && isObject(value[0])) return recordsTable(value)
  return { kind: 'nested', value }
}

/** `{name: [values]}`, or `{name: value}` for one row. */
function columnsOf(values: Record<string, unknown>): ModelInput {
  const columns = Object.keys(values)
  const cells = Object.values(values)
  if (cells.length > 0 && !cells.some(Array.isArray)) return { kind: 'table', columns, rows: [cells], text: false }
  const lists = cells.filter(Array.isArray)
  const length = lists[0]?.length ?? 0
  const isTable =
    lists.length === cells.length &&
    lists.every(list => list.length === length && !list.some((item: unknown) => Array.isArray(item)))
  if (!isTable) return { kind: 'named', values }
  const rows = Array.from({ length }, (_, row) => lists.map(list => list[row]))
  return { kind: 'table', columns, rows, text: false }
}
