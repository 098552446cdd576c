import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type CapturedFeedback,
  type CaptureHeader,
  captureFrames,
  captureHeader,
  framesOf,
  HaganeError,
  type PredictionRecord,
  readExchange,
} from '@hagane/contract'
import type { Engine } from '../engine.ts'
import { collectionsOfScript, type Emit, emitExchange } from './capture-rows.ts'
import { redactor } from './redact.ts'
import { FEEDBACK } from './schemas.ts'
import { jsonOf, TableFiles, writeParquet } from './table-files.ts'

export interface ConvertRequest {
  readonly kind: 'convert'
  /** A capture file of a gateway. */
  readonly capture: string
  /** An existing folder for the Parquet files. */
  readonly folder: string
  /** For columns that are replaced by a keyed digest. */
  readonly redactionKey: string
}

export interface ConvertedTable {
  /** `predictions`, `feedback`, or a collection. */
  readonly table: string
  readonly workspace: string
  readonly endpoint: string
  /** Name of the file in the folder. */
  readonly file: string
  readonly rows: number
  readonly size: number
  readonly digest: string
}

export interface Converted {
  /** Of a file of exchanges; feedback has none. */
  readonly header?: CaptureHeader
  readonly tables: readonly ConvertedTable[]
}

/** Turns a capture file into Parquet files, one for each table that it has rows of. */
export async function convertCapture(engine: Engine, request: ConvertRequest): Promise<Converted> {
  const files = new Map<string, TableFiles>()
  const placed = (workspace: string, endpoint: string): Emit => {
    const place = `${workspace}/${endpoint}`
    const known = files.get(place) ?? new TableFiles(join(engine.scratch, `rows-${files.size}`))
    files.set(place, known)
    return known.emit
  }
  const header = emitWhole(await readFile(request.capture), request.redactionKey, placed)
  const tables: ConvertedTable[] = []
  for (const [place, written] of files) {
    const [workspace = '', endpoint = ''] = place.split('/')
    for (const { table, query, rows } of written.finish()) {
      const file = `${tables.length}.parquet`
      const { size, digest } = await writeParquet(engine, query, join(request.folder, file))
      tables.push({ table, workspace, endpoint, file, rows, size, digest })
    }
  }
  return { ...(header === undefined ? {} : { header }), tables }
}

/** Throws invalid for a file that was not written by a gateway, or changed since; a full disk is no fault of the file. */
function emitWhole(...of: Parameters<typeof emitCapture>): CaptureHeader | undefined {
  try {
    return emitCapture(...of)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error
    throw new HaganeError('invalid', `the capture is damaged: ${(error as Error).message}`, { cause: error })
  }
}

/** Which exchanges of a file of captures are read: those that are left out cost no decoding of their bodies. */
export type IsAsked = (record: PredictionRecord, header: CaptureHeader) => boolean

/**
 * Hands the rows of a capture file to the tables of their endpoints; its header, unless it holds feedback. Feedback is read
 * whole.
 */
export function emitCapture(
  bytes: Uint8Array,
  redactionKey: string,
  tablesOf: (workspace: string, endpoint: string) => Emit,
  isAsked: IsAsked = () => true,
): CaptureHeader | undefined {
  const frames = [...framesOf(bytes)]
  const feedback = frames.filter(({ type }) => type === captureFrames.feedback)
  if (feedback.length > 0) {
    for (const { content } of feedback) {
      const { workspace, endpoint, items, received_at } = JSON.parse(
        Buffer.from(content).toString('utf8'),
      ) as CapturedFeedback
      const emit = tablesOf(workspace, endpoint)
      for (const [position, { key, labels }] of items.entries())
        emit(FEEDBACK, { key, labels: jsonOf(labels), received_at, position })
    }
    return undefined
  }
  const [first] = frames
  if (first?.type !== captureFrames.header) return undefined
  const said = captureHeader.safeParse(JSON.parse(Buffer.from(first.content).toString('utf8')))
  if (!said.success) return undefined
  const header = said.data
  const exchanges = frames
    .filter(({ type }) => type === captureFrames.exchange)
    .map(({ content }) => readExchange(content))
  const emit = tablesOf(header.workspace, header.endpoint)
  const redact = redactor(header.plan.redact, redactionKey)
  const byScript = collectionsOfScript(exchanges)
  for (const exchange of exchanges)
    if (isAsked(exchange.record, header)) emitExchange(header, exchange, byScript, redact, emit)
  return header
}
