import Table from 'cli-table3'
import { harmless } from '../terminal/terminal.ts'

/** A column of a noun's table: its heading and how to get the cell from a row. */
export type Column<Row> = readonly [heading: string, cell: (row: Row) => unknown]

const borders = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
const sides = ['left', 'left-mid', 'right', 'right-mid']
const chars = {
  ...Object.fromEntries([...borders, ...sides].map(name => [name, ''])),
  mid: '-',
  'mid-mid': '  ',
  middle: '  ',
}

/** Draws rows under headings, as `az -o table` does. `limit` cuts long cells, in characters. */
export function drawTable(headings: readonly string[], rows: readonly unknown[][], limit = Infinity): string {
  if (headings.length === 0) return ''
  const table = new Table({
    head: [...headings],
    chars,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  })
  for (const row of rows) table.push(row.map(value => cut(cellText(value), limit)))
  return `${table
    .toString()
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n')}\n`
}

/** The table of a noun. */
export function tableOf<Row>(rows: readonly Row[], columns: readonly Column<Row>[], limit?: number): string {
  return drawTable(
    columns.map(([heading]) => heading),
    rows.map(row => columns.map(([, cell]) => cell(row))),
    limit,
  )
}

const skipped = new Set(['id', 'type', 'etag'])

/** A table of whatever a query selected: scalar fields only, headings with a capital, without id, type and etag. */
export function tableOfAnything(value: unknown, limit?: number): string {
  const rows = (Array.isArray(value) ? value : [value]).map(fieldsOf)
  const headings = [...new Set(rows.flatMap(row => Object.keys(row)))]
  const cells = rows.map(row => headings.map(heading => row[heading]))
  return drawTable(
    headings.map(heading => heading.charAt(0).toUpperCase() + heading.slice(1)),
    cells,
    limit,
  )
}

function fieldsOf(item: unknown): Record<string, unknown> {
  if (Array.isArray(item)) return Object.fromEntries(item.map((value, index) => [`Column${index + 1}`, value]))
  if (typeof item !== 'object' || item === null) return { Result: item }
  return Object.fromEntries(
    Object.entries(item).filter(([key, value]) => !skipped.has(key) && value !== null && typeof value !== 'object'),
  )
}

function cellText(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return harmless(text).replace(/\s*\n\s*/g, ' ')
}

const cut = (text: string, limit: number) => (text.length <= limit ? text : `${text.slice(0, limit - 1)}…`)
