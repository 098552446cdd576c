import { HaganeError } from '@hagane/contract'

/** Element types after the Open Inference Protocol v2. BYTES is text here; bytes that are not UTF-8 are refused. */
export const datatypes = {
  BOOL: { bytes: 1, array: Uint8Array },
  UINT8: { bytes: 1, array: Uint8Array },
  UINT16: { bytes: 2, array: Uint16Array },
  UINT32: { bytes: 4, array: Uint32Array },
  UINT64: { bytes: 8, array: BigUint64Array },
  INT8: { bytes: 1, array: Int8Array },
  INT16: { bytes: 2, array: Int16Array },
  INT32: { bytes: 4, array: Int32Array },
  INT64: { bytes: 8, array: BigInt64Array },
  FP16: { bytes: 2, array: Float16Array },
  FP32: { bytes: 4, array: Float32Array },
  FP64: { bytes: 8, array: Float64Array },
} as const

export type NumericType = keyof typeof datatypes
export type Datatype = NumericType | 'BYTES'
export type NumericArray = InstanceType<(typeof datatypes)[NumericType]['array']>
export type TensorData = NumericArray | string[]

/** A named array of one type, its elements in row-major order. */
export interface Tensor {
  readonly name: string
  readonly datatype: Datatype
  readonly shape: readonly number[]
  readonly data: TensorData
}

/** What a model takes or answers; -1 stands for any size. */
export interface TensorSpec {
  readonly name: string
  readonly datatype: Datatype
  readonly shape: readonly number[]
}

export const isDatatype = (name: string): name is Datatype => name === 'BYTES' || Object.hasOwn(datatypes, name)

/** How many elements a shape has. */
export const elementsOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

/** Room for `length` elements of a type. */
export const arrayOf = (datatype: Datatype, length: number): TensorData =>
  datatype === 'BYTES' ? new Array<string>(length).fill('') : new datatypes[datatype].array(length)

/** Puts tensors of equal type and equal shape but for the first dimension one after the other. */
export function concatenate(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors as [Tensor]
  if (tensors.length === 1) return first
  const rows = tensors.reduce((sum, one) => sum + (one.shape[0] ?? 0), 0)
  const shape = [rows, ...first.shape.slice(1)]
  if (first.datatype === 'BYTES') return { ...first, shape, data: tensors.flatMap(one => one.data as string[]) }
  const data = arrayOf(first.datatype, elementsOf(shape)) as NumericArray
  let at = 0
  for (const one of tensors) {
    data.set(one.data as never, at)
    at += one.data.length
  }
  return { ...first, shape, data }
}

/** Rows `start` to `end` of a tensor; numbers are a view on it. */
export function rowsOf(tensor: Tensor, start: number, end: number): Tensor {
  const width = elementsOf(tensor.shape.slice(1))
  const shape = [end - start, ...tensor.shape.slice(1)]
  const [from, to] = [start * width, end * width]
  const data = Array.isArray(tensor.data) ? tensor.data.slice(from, to) : tensor.data.subarray(from, to)
  return { ...tensor, shape, data }
}

/** Throws `invalid` unless `shape` is one that `wanted` allows. */
export function checkShape(name: string, shape: readonly number[], wanted: readonly number[]): void {
  if (shape.length === wanted.length && wanted.every((size, at) => size === -1 || size === shape[at])) return
  const [sent, allowed] = [[...shape], [...wanted]]
  throw new HaganeError('invalid', `input '${name}': expected shape ${text(wanted)}, found ${text(shape)}`, {
    hint: '-1 stands for any size',
    details: [{ property: name, message: 'wrong shape', sent, allowed }],
  })
}

const text = (shape: readonly number[]): string => `[${shape.join(', ')}]`
