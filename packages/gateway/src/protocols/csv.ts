import { HaganeError } from '@hagane/contract'
import type { Table } from '../inference/request.ts'

const invalid = (message: string): HaganeError => new HaganeError('invalid', message)

/** Reads CSV (RFC 4180) whose first line holds the column names. Cells stay text: the model's types decide. */
export function readCsv(body: Buffer): Table {
  const text = utf8(body, 'the CSV').replace(/^\ufeff/, '')
  const lines = splitCsv(text)
  const [columns, ...rows] = lines
  if (columns === undefined) throw invalid('the CSV is empty; its first line must hold the column names')
  for (const [row, cells] of rows.entries()) {
    if (cells.length !== columns.length) {
      throw new HaganeError('invalid', `row ${row} has ${cells.length} values, expected ${columns.length}`, {
        details: [
          { property: `data[${row}]`, message: 'wrong number of values', sent: cells, allowed: columns.length },
        ],
      })
    }
  }
  return { kind: 'table', columns, rows, text: true }
}

/** Text of a body; throws `invalid` when it is not UTF-8. */
export function utf8(body: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    throw invalid(`${what} is not UTF-8 text`)
  }
}

const cell = /"((?:[^"]|"")*)"(,|\r\n|\n|\r|$)|([^",\r\n]*)(,|\r\n|\n|\r|$)/y

function splitCsv(text: string): string[][] {
  const lines: string[][] = []
  let line: string[] = []
  cell.lastIndex = 0
  while (cell.lastIndex < text.length || line.length > 0) {
    const at = cell.lastIndex
    const match = cell.exec(text)
    if (match === null) throw invalid(`the body is not CSV: a quote at character ${at} is not closed or not allowed`)
    const [, quoted, endQuoted, plain = '', endPlain] = match
    line.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if ((endQuoted ?? endPlain) === ',') continue
    if (line.length > 1 || line[0] !== '') lines.push(line)
    line = []
    if (cell.lastIndex >= text.length) break
  }
  return lines
}
