import { hash } from 'node:crypto'
import { HaganeError, largestChunk } from '@hagane/contract'
import type { PackRecord } from './pack-record.ts'

const headLength = 36

/** The blobs of a `blobs.putPack` body, each compared with its digest. Throws invalid, and then none of them counts. */
export function readPackRequest(pack: Buffer): PackRecord[] {
  const records: PackRecord[] = []
  for (let at = 0; at < pack.length; ) {
    if (at + headLength > pack.length) throw cut(at)
    const digest = pack.subarray(at, at + 32)
    const length = pack.readUInt32BE(at + 32)
    const bytes = pack.subarray(at + headLength, at + headLength + length)
    if (length > largestChunk)
      throw new HaganeError(
        'invalid',
        `the blob at byte ${at} says it has ${length} bytes, at most ${largestChunk} fit`,
        {
          hint: 'put larger ones by PUT /api/v1/blobs/:digest, or as parts',
        },
      )
    if (bytes.length < length) throw cut(at)
    const own = hash('sha256', bytes, 'buffer')
    if (!own.equals(digest))
      throw new HaganeError(
        'invalid',
        `the bytes at ${at} have SHA-256 ${own.toString('hex')}, not ${digest.toString('hex')}`,
        { hint: 'the file changed while it was sent, or the transfer was cut: send it again' },
      )
    records.push({ digest: Buffer.from(digest), composed: false, bytes })
    at += headLength + length
  }
  return records
}

const cut = (at: number) =>
  new HaganeError('invalid', `the pack ends inside the blob that begins at byte ${at}`, {
    hint: 'each blob is its digest (32 bytes), its length (4 bytes, big-endian) and its bytes',
  })
