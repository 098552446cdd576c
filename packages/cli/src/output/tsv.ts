/**
 * Tab-separated values as `az` prints them, because shell scripts cut them apart: one line per item, values without
 * quotes, a list inside as its length, an object inside as nothing, `None` for null, `True` and `False` inside a row.
 * Without a query the values of an object come in the order of its sorted keys. (knack's TSV output, same rules.)
 */
export function tsv(value: unknown, queried: boolean): string {
  const items = Array.isArray(value) ? value : [value]
  return items.map(item => `${row(item, queried)}\n`).join('')
}

function row(item: unknown, queried: boolean): string {
  if (typeof item === 'boolean') return String(item)
  if (Array.isArray(item)) return item.map(cell).join('\t')
  if (typeof item !== 'object' || item === null) return cell(item)
  const entries = Object.entries(item)
  if (!queried) entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([, value]) => cell(value)).join('\t')
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (Array.isArray(value)) return String(value.length)
  if (typeof value === 'object') return ''
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return String(value)
}
