import { HaganeError } from '@hagane/contract'
import { foundText } from './request.ts'
import type { Datatype, NumericArray, TensorData } from './tensor.ts'

const integerRanges: Partial<Record<Datatype, readonly [bigint, bigint]>> = {
  UINT8: [0n, 255n],
  UINT16: [0n, 65_535n],
  UINT32: [0n, 4_294_967_295n],
  UINT64: [0n, 2n ** 64n - 1n],
  INT8: [-128n, 127n],
  INT16: [-32_768n, 32_767n],
  INT32: [-(2n ** 31n), 2n ** 31n - 1n],
  INT64: [-(2n ** 63n), 2n ** 63n - 1n],
}

const isFloat = (type: Datatype): boolean => type === 'FP32' || type === 'FP64' || type === 'FP16'

/** Puts one JSON value into a tensor's data; false when the type does not take it: text is no number, 5.5 no integer. */
export function putCell(data: TensorData, at: number, type: Datatype, cell: unknown): boolean {
  if (type === 'BYTES') {
    if (typeof cell !== 'string') return false
    ;(data as string[])[at] = cell
    return true
  }
  if (type === 'BOOL') {
    if (typeof cell !== 'boolean') return false
    ;(data as Uint8Array)[at] = cell ? 1 : 0
    return true
  }
  if (typeof cell !== 'number') return false
  if (isFloat(type)) {
    ;(data as Float64Array)[at] = cell
    return true
  }
  return putInteger(data as NumericArray, at, type, cell)
}

function putInteger(data: NumericArray, at: number, type: Datatype, cell: number): boolean {
  if (!Number.isInteger(cell)) return false
  const [low, high] = integerRanges[type] as readonly [bigint, bigint]
  if (cell < low || cell > high) return false
  if (type === 'INT64' || type === 'UINT64') (data as BigInt64Array)[at] = BigInt(cell)
  else (data as Int32Array)[at] = cell
  return true
}

/** Why an integer or another value is refused, in the words of a type. */
export function misfitText(type: Datatype, cell: unknown): string {
  const range = integerRanges[type]
  if (range !== undefined && typeof cell === 'number' && Number.isInteger(cell)) {
    return `${cell}, outside ${range[0]} to ${range[1]}`
  }
  return foundText(cell)
}

/** The refusal of a cell, named by where it stands, what is expected there and what was found. */
export function misfit(where: string, property: string, expected: string, found: string, sent: unknown): HaganeError {
  return new HaganeError('invalid', `${where}: expected ${expected}, found ${found}`, {
    hint: "the model's signature decides; rows and columns count from 0",
    details: [{ property, message: `expected ${expected}, found ${found}`, sent: shortened(sent), allowed: expected }],
  })
}

function shortened(value: unknown): unknown {
  if (typeof value === 'symbol') return undefined
  const text = JSON.stringify(value) ?? ''
  return text.length <= 200 ? value : `${text.slice(0, 200)}…`
}
