import { hash } from 'node:crypto'
import type { BlobPart } from '@hagane/contract'
import type { PackRecord } from './pack-record.ts'

/**
 * A composed blob is a recipe: its size (8 bytes), a seal (32), then its segments; a segment is a blob that lists chunks.
 * Both lists are rows of digest (32) and bytes covered (4). The seal, SHA-256 of the blob's digest and all the rest, tells
 * a whole recipe from one that was cut. Segments end where a digest ends in a zero byte, so they too are the same
 * before and after a change elsewhere: a byte changed in 10 GB costs a chunk, a segment of some 10 kB and the row of segments.
 */
const rowLength = 36
const rowsAt = 40
const mostInSegment = 1024

/** Records that make a blob of parts that are stored. */
export function recipeRecords(digest: string, parts: readonly BlobPart[]): PackRecord[] {
  const segments = segmentsOf(parts).map(segment => {
    const bytes = encodeRows(segment)
    const size = segment.reduce((sum, part) => sum + part.size, 0)
    return { bytes, size, digest: hash('sha256', bytes, 'buffer') }
  })
  const size = Buffer.alloc(8)
  size.writeBigUInt64BE(BigInt(segments.reduce((sum, segment) => sum + segment.size, 0)))
  const rows = encodeRows(segments.map(segment => ({ digest: segment.digest.toString('hex'), size: segment.size })))
  const own = Buffer.from(digest, 'hex')
  return [
    ...segments.map(segment => ({ digest: segment.digest, composed: false, bytes: segment.bytes })),
    { digest: own, composed: true, bytes: Buffer.concat([size, sealOf(own, size, rows), rows]) },
  ]
}

const sealOf = (digest: Buffer, size: Buffer, rows: Buffer): Buffer =>
  hash('sha256', Buffer.concat([digest, size, rows]), 'buffer')

/** Whether these bytes are the recipe of that blob, from begin to end. */
export function isRecipe(digest: Buffer, recipe: Buffer): boolean {
  if (recipe.length < rowsAt || (recipe.length - rowsAt) % rowLength !== 0) return false
  return sealOf(digest, recipe.subarray(0, 8), recipe.subarray(rowsAt)).equals(recipe.subarray(8, rowsAt))
}

/** bytes of the blob that a recipe makes */
export const recipeSize = (recipe: Uint8Array): number => Number(Buffer.from(recipe.subarray(0, 8)).readBigUInt64BE())

export const segmentRows = (recipe: Buffer): BlobPart[] => decodeRows(recipe.subarray(rowsAt))

export function decodeRows(bytes: Buffer): BlobPart[] {
  const rows: BlobPart[] = []
  for (let at = 0; at + rowLength <= bytes.length; at += rowLength)
    rows.push({ digest: bytes.toString('hex', at, at + 32), size: bytes.readUInt32BE(at + 32) })
  return rows
}

function encodeRows(parts: readonly BlobPart[]): Buffer {
  const bytes = Buffer.allocUnsafe(parts.length * rowLength)
  parts.forEach(({ digest, size }, i) => {
    bytes.write(digest, i * rowLength, 'hex')
    bytes.writeUInt32BE(size, i * rowLength + 32)
  })
  return bytes
}

function segmentsOf(parts: readonly BlobPart[]): BlobPart[][] {
  const segments: BlobPart[][] = []
  let segment: BlobPart[] = []
  for (const part of parts) {
    segment.push(part)
    if (!part.digest.endsWith('00') && segment.length < mostInSegment) continue
    segments.push(segment)
    segment = []
  }
  return segment.length > 0 ? [...segments, segment] : segments
}
