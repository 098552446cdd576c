/** Rows of CSV with a header (RFC 4180); numbers become numbers, an empty cell is null. */
export function csvRows(text: string): Record<string, unknown>[] {
  const [header = [], ...lines] = [...records(text)]
  return lines.map(cells => Object.fromEntries(header.map((name, at) => [name, cellOf(cells[at] ?? '')])))
}

function cellOf(cell: string): unknown {
  if (cell === '') return null
  const number = Number(cell)
  return Number.isFinite(number) && cell.trim() === cell ? number : cell
}

function* records(text: string): Generator<string[]> {
  let cells: string[] = []
  const pattern = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|\r|$)/gy
  for (let match = pattern.exec(text); match !== null && match[0] !== ''; match = pattern.exec(text)) {
    const [, cell = '', end] = match
    cells.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (end === ',') continue
    if (cells.length > 1 || cells[0] !== '') yield cells
    cells = []
  }
  if (cells.length > 0) yield cells
}
