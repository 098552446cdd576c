import { hash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type BlobPart, chunkLength, HaganeError, largestChunk } from '@hagane/contract'
import { newHexId } from '../ids.ts'
import type { StoredBlob } from './blob-store.ts'
import { chunkReader } from './chunk-file.ts'
import type { PackRecord } from './pack-record.ts'
import type { Packs } from './packs.ts'
import { recipeRecords } from './recipe.ts'

interface HashedChunk {
  readonly offset: number
  readonly length: number
  readonly digest: string
}
interface HashedBytes {
  readonly bytes: Uint8Array
  readonly chunks: readonly HashedChunk[]
}

export interface Ingest {
  readonly packs: Packs
  /** Folder for what arrives; files in it mean nothing after a restart. */
  readonly incoming: string
  /** Whether a blob is stored, in whatever form. */
  has(digest: string): boolean
}

export async function storeBytes(ingest: Ingest, bytes: Uint8Array, expected?: string): Promise<StoredBlob> {
  const digest = hash('sha256', bytes)
  refuseOther(digest, expected)
  const stored = { digest, size: bytes.length }
  if (ingest.has(digest)) return stored
  if (bytes.length <= largestChunk)
    await ingest.packs.append([{ digest: Buffer.from(digest, 'hex'), composed: false, bytes }])
  else await storeParts(ingest, bytes, digest)
  return stored
}

async function storeParts(ingest: Ingest, bytes: Uint8Array, digest: string): Promise<void> {
  const chunks: HashedChunk[] = []
  for (let offset = 0, length = 0; offset < bytes.length; offset += length) {
    length = chunkLength(bytes, offset, bytes.length)
    chunks.push({ offset, length, digest: hash('sha256', bytes.subarray(offset, offset + length)) })
  }
  await ingest.packs.append(unstored(ingest, { bytes, chunks }))
  const parts = chunks.map(chunk => ({ digest: chunk.digest, size: chunk.length }))
  await ingest.packs.append(recipeRecords(digest, parts))
}

/** Keeps small content in memory; larger goes to a file first, which is then read like any other. */
export async function storeStream(ingest: Ingest, source: Readable, expected?: string): Promise<StoredBlob> {
  const pieces: Buffer[] = []
  let size = 0
  const iterator = source[Symbol.asyncIterator]()
  for (let next = await iterator.next(); ; next = await iterator.next()) {
    if (next.done === true) return storeBytes(ingest, Buffer.concat(pieces), expected)
    const piece = Buffer.from(next.value as Uint8Array | string)
    pieces.push(piece)
    size += piece.length
    if (size > largestChunk) break
  }
  await mkdir(ingest.incoming, { recursive: true })
  const temporary = join(ingest.incoming, newHexId())
  try {
    await pipeline(restOf(pieces, iterator), createWriteStream(temporary, { flags: 'wx', mode: 0o600 }))
    return await storeChunked(ingest, temporary, expected)
  } finally {
    await rm(temporary, { force: true })
  }
}

async function* restOf(pieces: Buffer[], iterator: AsyncIterator<unknown>): AsyncGenerator<unknown> {
  yield* pieces.splice(0)
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
}

/** Reads a file once, small ones here, large ones in chunks by a thread. */
export async function storeFile(ingest: Ingest, path: string): Promise<StoredBlob> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    if (size <= largestChunk) {
      const bytes = await file.readFile()
      if (bytes.length <= largestChunk) return await storeBytes(ingest, bytes)
    }
  } finally {
    await file.close()
  }
  return storeChunked(ingest, path)
}

/** Reads a file of any size by a thread, in chunks. */
export async function storeChunked(ingest: Ingest, path: string, expected?: string): Promise<StoredBlob> {
  const parts: BlobPart[] = []
  const { digest, size, changed } = await chunkReader.read(path, async block => {
    for (const chunk of block.chunks) parts.push({ digest: chunk.digest, size: chunk.length })
    await ingest.packs.append(unstored(ingest, block))
  })
  if (changed) throw new HaganeError('conflict', `${path} changes while it is read`, { hint: 'stop what writes to it' })
  refuseOther(digest, expected)
  if (!ingest.has(digest)) await ingest.packs.append(recipeRecords(digest, parts))
  return { digest, size }
}

const unstored = ({ has }: Ingest, { bytes, chunks }: HashedBytes): PackRecord[] =>
  chunks
    .filter(({ digest }) => !has(digest))
    .map(({ digest, offset, length }) => ({
      digest: Buffer.from(digest, 'hex'),
      composed: false,
      bytes: bytes.subarray(offset, offset + length),
    }))

export function refuseOther(digest: string, expected: string | undefined): void {
  if (expected !== undefined && digest !== expected)
    throw new HaganeError('invalid', `the bytes have SHA-256 ${digest}, not ${expected}`, {
      hint: 'the file changed while it was sent, or the transfer was cut: send it again',
    })
}
