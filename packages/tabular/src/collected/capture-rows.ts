import {
  type CapturedExchange,
  type CaptureHeader,
  type CollectedData,
  type ContentCollection,
  samplePoint,
} from '@hagane/contract'
import { outputsOf, type Row, rowsOfRequest } from './decode.ts'
import type { Redact } from './redact.ts'
import { FEEDBACK, PREDICTIONS } from './schemas.ts'

/** Takes a row of a table. */
export type Emit = (table: string, row: Row) => void

const own: readonly string[] = ['request', 'response', 'model_inputs', 'model_outputs'] satisfies ContentCollection[]

/**
 * The rows that one exchange adds to the tables of its deployment: one of `predictions` for each predicted row, and one of
 * each collection whose sample it is in. What the script's own collector took is not taken from the bodies a second time.
 */
export function emitExchange(
  header: CaptureHeader,
  exchange: CapturedExchange,
  byScript: ReadonlySet<string>,
  redact: Redact,
  emit: Emit,
): void {
  const { record, request, answer } = exchange
  const point = samplePoint(record.mirror_of ?? record.id)
  const takes = (name: ContentCollection): boolean => point < (header.plan.collections[name] ?? 0)
  const takesInputs = takes('model_inputs') && !byScript.has('model_inputs')
  const inputs =
    request === undefined || !takesInputs ? [] : (rowsOfRequest(request, exchange.notes.content_type) ?? []).map(redact)
  const outputs = answer === undefined || record.status >= 400 ? [] : outputsOf(answer, record.rows).map(redact)
  const count = Math.max(1, record.status < 400 ? record.rows : 0, outputs.length, inputs.length)
  for (let row = 0; row < count; row += 1) {
    emit(PREDICTIONS, predictionRow(header, exchange, row, outputs))
    const input = inputs[row]
    if (input !== undefined) emit('model_inputs', { ...input, ...named(header, exchange, row) })
    if (takes('model_outputs') && !byScript.has('model_outputs') && row < outputs.length)
      emit('model_outputs', { ...columnsOf(outputs[row]), ...named(header, exchange, row) })
  }
  emitBodies(header, exchange, takes, redact, emit)
  for (const data of exchange.collected) emitCollected(header, exchange, data, redact, emit)
}

function predictionRow(
  header: CaptureHeader,
  { record, notes }: CapturedExchange,
  row: number,
  outputs: readonly unknown[],
): Row {
  return {
    row_id: `${record.id}-${row}`,
    prediction_id: record.id,
    row,
    rows: record.rows,
    time: record.time,
    endpoint: header.endpoint,
    deployment: header.deployment,
    revision: record.revision,
    status: record.status,
    latency_ms: record.latency_ms,
    correlation_id: notes.request_id,
    mirror_of: record.mirror_of ?? null,
    mirrored: notes.mirrored ?? null,
    output: row < outputs.length ? JSON.stringify(outputs[row] ?? null) : null,
  }
}

/**
 * What every row of a collection says of itself; the underscore keeps it apart from the columns of the data. Where a caller's
 * data has a column of such a name, this wins: nobody speaks for another's prediction.
 */
const named = (header: CaptureHeader, { record, notes }: CapturedExchange, row: number): Row => ({
  _row_id: `${record.id}-${row}`,
  _prediction_id: record.id,
  _time: record.time,
  _endpoint: header.endpoint,
  _deployment: header.deployment,
  _correlation_id: notes.request_id,
})

function emitBodies(
  header: CaptureHeader,
  exchange: CapturedExchange,
  takes: (name: ContentCollection) => boolean,
  redact: Redact,
  emit: Emit,
): void {
  const { request, answer, notes, record } = exchange
  const about = { ...named(header, exchange, 0), _row_id: record.id }
  const hides = Object.keys(header.plan.redact).length > 0
  if (takes('request') && request !== undefined) {
    const rows = hides ? rowsOfRequest(request, notes.content_type)?.map(redact) : undefined
    const body = hides ? (rows === undefined ? null : JSON.stringify({ dataframe_records: rows })) : textOf(request)
    const headers = JSON.stringify(notes.headers ?? {})
    emit('request', { ...about, content_type: notes.content_type, headers, ...bodyColumns(body, request, hides) })
  }
  if (takes('response') && answer !== undefined) {
    const body = hides ? JSON.stringify(outputsOf(answer, record.rows).map(redact)) : textOf(answer)
    emit('response', {
      ...about,
      content_type: notes.answer_type,
      status: record.status,
      latency_ms: record.latency_ms,
      ...bodyColumns(body, answer, hides),
    })
  }
}

/** A body that is no text stays whole in base64, unless columns are to be hidden in it. */
const bodyColumns = (text: string | null | undefined, bytes: Uint8Array, hides: boolean): Row => ({
  body: text ?? null,
  body_base64: text === undefined && !hides ? Buffer.from(bytes).toString('base64') : null,
})

function textOf(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString('utf8')
  return Buffer.from(text).equals(bytes) ? text : undefined
}

function emitCollected(
  header: CaptureHeader,
  exchange: CapturedExchange,
  { collection, correlation_id, rows }: CollectedData,
  redact: Redact,
  emit: Emit,
): void {
  for (const [row, data] of (rows ?? []).entries()) {
    const about = { ...named(header, exchange, row), _correlation_id: correlation_id }
    emit(isCollectionName(collection) ? collection : 'custom', { ...redact(data), ...about })
  }
}

/** An output as columns: an object's own, those of a list by place, or one. */
function columnsOf(output: unknown): Row {
  if (Array.isArray(output)) return Object.fromEntries(output.map((item, at) => [`prediction_${at}`, item]))
  return typeof output === 'object' && output !== null ? (output as Row) : { prediction: output }
}

/** Collections that the script's own collectors serve in these exchanges. */
export const collectionsOfScript = (exchanges: readonly CapturedExchange[]): Set<string> =>
  new Set(exchanges.flatMap(({ collected }) => collected.map(({ collection }) => collection)))

/** A name that a folder may have. */
const isCollectionName = (name: string): boolean =>
  own.includes(name) ||
  (/^[\w.-]{1,100}$/.test(name) && !name.startsWith('.') && name !== PREDICTIONS && name !== FEEDBACK)
