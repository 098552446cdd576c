/** Python's `json.dumps(value, sort_keys=True, separators=(',', ':'))`, which MLflow quotes in its messages. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${members.map(([key, item]) => `${pythonJson(key)}:${pythonJson(item)}`).join(',')}}`
  }
  if (typeof value === 'number') return pythonNumber(value)
  const text = JSON.stringify(value) ?? 'null'
  return text.replace(/[\u007f-\uffff]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A float as Python's repr writes the cases that differ from JavaScript's. */
export function pythonNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  return String(value)
}

/** The name of the Python type that a JSON value has on MLflow's side. */
export function pythonType(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType'
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  return { string: 'str', boolean: 'bool', object: 'dict' }[typeof value as string] ?? typeof value
}

/** A Python `repr` of a string: single quotes unless the text holds one and no double quote. */
export function pythonRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote
}

export const pythonList = (items: readonly string[]): string => `[${items.map(pythonRepr).join(', ')}]`
export const pythonSet = (items: Iterable<string>): string => `{${[...items].map(pythonRepr).join(', ')}}`
