import type { Tolerance } from '@hagane/contract'
import { type Closeness, NumberPairs } from './numbers.ts'

const MAGIC = Buffer.from('\x93NUMPY', 'latin1')

/** How each type that NumPy writes is read, by its letter and width in bytes. */
const readers: Readonly<Record<string, (bytes: Buffer, at: number) => number>> = {
  f8: (bytes, at) => bytes.readDoubleLE(at),
  f4: (bytes, at) => bytes.readFloatLE(at),
  i8: (bytes, at) => Number(bytes.readBigInt64LE(at)),
  i4: (bytes, at) => bytes.readInt32LE(at),
  i2: (bytes, at) => bytes.readInt16LE(at),
  i1: (bytes, at) => bytes.readInt8(at),
  u8: (bytes, at) => Number(bytes.readBigUInt64LE(at)),
  u4: (bytes, at) => bytes.readUInt32LE(at),
  u2: (bytes, at) => bytes.readUInt16LE(at),
  u1: (bytes, at) => bytes.readUInt8(at),
  b1: (bytes, at) => bytes.readUInt8(at),
}

interface Header {
  dtype: string
  shape: string
  /** Where the values begin. */
  offset: number
}

/** Compares arrays that `numpy.save` wrote (NEP 1, format versions 1 to 3); undefined when they are of a type that is not read. */
export function compareArrays(before: Buffer, after: Buffer, tolerance: Tolerance): Closeness | undefined {
  const [a, b] = [headerOf(before), headerOf(after)]
  if (a === undefined || b === undefined) return undefined
  if (a.shape !== b.shape || a.dtype !== b.dtype)
    return { verdict: 'different', detail: `${a.dtype} ${a.shape} then, ${b.dtype} ${b.shape} now` }
  const read = readers[a.dtype.slice(1)]
  if (read === undefined || a.dtype.startsWith('>')) return undefined
  const width = Number(a.dtype.slice(2))
  const pairs = new NumberPairs(tolerance)
  const count = Math.floor((before.length - a.offset) / width)
  for (let i = 0; i < count && b.offset + (i + 1) * width <= after.length; i++)
    pairs.add(read(before, a.offset + i * width), read(after, b.offset + i * width), () => `value ${i}`)
  return pairs.result()
}

function headerOf(bytes: Buffer): Header | undefined {
  if (bytes.length < 12 || !bytes.subarray(0, 6).equals(MAGIC)) return undefined
  const wide = bytes[6] !== 1
  const start = wide ? 12 : 10
  const length = wide ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8)
  const text = bytes.subarray(start, start + length).toString('latin1')
  const dtype = /'descr':\s*'([<>|=][a-z]\d+)'/.exec(text)?.[1]
  const shape = /'shape':\s*(\([^)]*\))/.exec(text)?.[1]
  const order = /'fortran_order':\s*(\w+)/.exec(text)?.[1]
  return dtype === undefined || shape === undefined
    ? undefined
    : { dtype, shape: `${shape}${order === 'True' ? ' by columns' : ''}`, offset: start + length }
}
