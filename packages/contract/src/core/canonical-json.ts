/**
 * RFC 8785 (JSON Canonicalization Scheme): keys sorted by UTF-16 code units, no white space, numbers and strings as
 * ECMAScript's JSON.stringify writes them. `undefined` members are left out. Throws on NaN, infinity and lone surrogates.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(item => canonicalJson(item === undefined ? null : item)).join(',')}]`
  if (value !== null && typeof value === 'object') return canonicalObject(value as Record<string, unknown>)
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`JSON cannot hold ${value}`)
  if (typeof value === 'string' && !value.isWellFormed()) throw new TypeError('JSON text holds a lone surrogate')
  const text = JSON.stringify(value)
  if (text === undefined) throw new TypeError(`JSON cannot hold a ${typeof value}`)
  return text
}

function canonicalObject(value: Record<string, unknown>): string {
  const json = (value as { toJSON?: () => unknown }).toJSON
  if (typeof json === 'function') return canonicalJson(json.call(value))
  const members = Object.keys(value)
    .filter(key => value[key] !== undefined)
    .sort()
    .map(key => `${canonicalJson(key)}:${canonicalJson(value[key])}`)
  return `{${members.join(',')}}`
}
