export interface Row {
  readonly file: string
  readonly kind: string
  readonly result: string
  readonly seconds?: number
  readonly reason: string
  /** True when the result is a success, or its reason lies outside Hagane. */
  readonly fine: boolean
}

/** Rows as text with aligned columns: file | kind | result | time | reason. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map(row => [row.file, row.kind, row.result, time(row.seconds), row.reason])
  const all = [['file', 'kind', 'result', 'time', 'reason'], ...cells]
  const widths = [0, 1, 2, 3].map(column => Math.max(...all.map(row => (row[column] ?? '').length)))
  return all
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(' | ')
        .trimEnd(),
    )
    .join('\n')
}

const time = (seconds: number | undefined): string => (seconds === undefined ? '' : `${seconds.toFixed(1)} s`)

/** Counts by kind and result, most first. */
export function summary(rows: readonly Row[]): string {
  const counts = new Map<string, number>()
  for (const { kind, result } of rows) counts.set(`${kind} ${result}`, (counts.get(`${kind} ${result}`) ?? 0) + 1)
  const lines = [...counts].sort((a, b) => b[1] - a[1]).map(([what, count]) => `${String(count).padStart(4)}  ${what}`)
  const open = rows.filter(row => !row.fine)
  return [
    ...lines,
    open.length === 0 ? 'nothing is open' : `${open.length} open: ${open.map(row => row.file).join(', ')}`,
  ].join('\n')
}
