import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { feedbackItems } from '@hagane/contract'
import { cellOf } from '../cells.ts'
import type { Engine } from '../engine.ts'
import { readTable } from '../read-table.ts'
import type { TableSource } from '../table-source.ts'
import { FEEDBACK } from './schemas.ts'
import { TableFiles, writeParquet } from './table-files.ts'

export interface FeedbackRequest {
  readonly kind: 'feedback'
  readonly source: TableSource
  readonly key?: string
  readonly receivedAt: string
  /** An existing folder; the file is named `feedback.parquet`. */
  readonly folder: string
}

/**
 * Reads a table of labels and writes it as feedback. `content` is a digest of what it says, whatever the format it came
 * in. Throws invalid for a row that names no prediction.
 */
export async function convertFeedback(engine: Engine, request: FeedbackRequest) {
  const { sql, columns } = await readTable(engine, request.source)
  const files = new TableFiles(join(engine.scratch, 'feedback'))
  const hash = createHash('sha256')
  let position = 0
  for await (const row of engine.stream(sql)) {
    const cells = Object.fromEntries(columns.map(({ name, type }) => [name, cellOf(row[name], type)]))
    const [item] = feedbackItems([cells], request.key, position)
    if (item === undefined) continue
    const labels = JSON.stringify(item.labels)
    hash.update(`${JSON.stringify([item.key, labels])}\n`)
    files.emit(FEEDBACK, { key: item.key, labels, received_at: request.receivedAt, position })
    position += 1
  }
  const [written] = files.finish()
  if (written === undefined) return { rows: 0, size: 0, digest: '', content: '' }
  const path = join(request.folder, 'feedback.parquet')
  return { rows: position, ...(await writeParquet(engine, written.query, path)), content: hash.digest('hex') }
}
