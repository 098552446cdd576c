import type { Json } from '@duckdb/node-api'
import type { Cell } from '@hagane/contract'
import { columnTypeOf, isNumeric } from './column-type.ts'

const LONGEST = 1000

/** A value as JSON can hold it: numbers where they are exact, times in ISO 8601, everything else as its text, cut if it is long. */
export function cellOf(value: Json | undefined, type: string): Cell {
  if (value === null || value === undefined) return null
  const kind = columnTypeOf(type)
  if (typeof value === 'number' || typeof value === 'boolean') return value
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const number = Number(text)
  if (isNumeric(kind) && Number.isFinite(number) && (kind === 'number' || Number.isSafeInteger(number))) return number
  if (kind === 'timestamp')
    return text.replace(' ', 'T').replace(/[+-]\d\d$/, offset => (offset === '+00' ? 'Z' : `${offset}:00`))
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}
