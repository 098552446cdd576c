import { HaganeError } from '@hagane/contract'
import {
  type Datatype,
  datatypes,
  elementsOf,
  type NumericArray,
  type Tensor,
  type TensorData,
} from '../inference/tensor.ts'

/**
 * Elements of a tensor from the bytes of the Open Inference Protocol's binary extension: little-endian, BYTES with a
 * length of four bytes before each. Throws `invalid` when the size is not what the shape asks for.
 */
export function dataOfBytes(name: string, datatype: Datatype, shape: readonly number[], bytes: Buffer): TensorData {
  const count = elementsOf(shape)
  if (datatype === 'BYTES') return textsOfBytes(name, count, bytes)
  const { bytes: size, array } = datatypes[datatype]
  if (bytes.length !== count * size) throw wrongSize(name, `${bytes.length} bytes`, `${count * size} bytes`)
  const data = new array(count)
  new Uint8Array(data.buffer).set(bytes)
  return data
}

function textsOfBytes(name: string, count: number, bytes: Buffer): string[] {
  const texts: string[] = []
  let at = 0
  while (at < bytes.length && texts.length < count) {
    if (at + 4 > bytes.length) break
    const end = at + 4 + bytes.readUInt32LE(at)
    if (end > bytes.length) break
    texts.push(bytes.toString('utf8', at + 4, end))
    at = end
  }
  if (texts.length !== count || at !== bytes.length) {
    throw wrongSize(name, `${texts.length} whole texts in ${bytes.length} bytes`, `${count} texts`)
  }
  return texts
}

const wrongSize = (name: string, sent: string, allowed: string): HaganeError =>
  new HaganeError('invalid', `input '${name}': its shape and datatype ask for ${allowed}, found ${sent}`, {
    details: [{ property: name, message: 'wrong size of binary data', sent, allowed }],
  })

/** The bytes of a tensor, as `dataOfBytes` reads them. */
export function bytesOfTensor({ data }: Tensor): Buffer {
  if (!Array.isArray(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const parts: Buffer[] = []
  for (const text of data) {
    const bytes = Buffer.from(text, 'utf8')
    const size = Buffer.allocUnsafe(4)
    size.writeUInt32LE(bytes.length)
    parts.push(size, bytes)
  }
  return Buffer.concat(parts)
}

/** JSON text of elements, flat; NaN and infinity, which JSON does not have, become null. */
export function jsonOfData(datatype: Datatype, data: TensorData): string {
  if (Array.isArray(data)) return JSON.stringify(data)
  if (datatype === 'BOOL') return `[${Array.from(data as Uint8Array, bit => bit !== 0).join(',')}]`
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return `[${data.join(',')}]`
  return JSON.stringify(Array.from(data as Exclude<NumericArray, BigInt64Array | BigUint64Array>))
}
