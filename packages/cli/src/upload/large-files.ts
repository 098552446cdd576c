import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type BlobPart, ChunkReader, HaganeError, type HashedBlock, mostParts, threadOf } from '@hagane/contract'
import type { BlobSender } from './blob-sender.ts'
import { changed, unreadable } from './read-small.ts'
import type { HashedFile, LocalFile } from './stamped-file.ts'

const filesAtOnce = Math.min(4, availableParallelism())
const headLength = 36
const attempts = 2

/**
 * Reads large files, each once and in a thread of its own, and sends the chunks that the server lacks as they come. So an
 * upload that was cut goes on behind the last chunk, and of a file that changed a little, little is sent.
 */
export async function sendLargeFiles(
  sender: BlobSender,
  files: readonly LocalFile[],
  advance: (bytes: number) => void,
): Promise<HashedFile[]> {
  const reader = new ChunkReader(() => threadOf(new Worker(threadFile())), filesAtOnce)
  const work = files.map(file => sendLarge(reader, sender, file, advance))
  const results = await Promise.allSettled(work)
  const failed = results.find(result => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return Promise.all(work)
}

async function sendLarge(
  reader: ChunkReader,
  sender: BlobSender,
  file: LocalFile,
  advance: (bytes: number) => void,
): Promise<HashedFile> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const parts: BlobPart[] = []
    const end = await reader
      .read(file.file, async block => {
        parts.push(...block.chunks.map(({ digest, length }) => ({ digest, size: length })))
        await sendBlock(sender, block)
        advance(block.chunks.reduce((sum, chunk) => sum + chunk.length, 0))
      })
      .catch((error: unknown) => {
        throw error instanceof HaganeError ? error : unreadable(file.file, error)
      })
    if (end.changed) continue
    if (parts.length > mostParts) throw tooLarge(file)
    if ((await sender.missing([end.digest])).length > 0) await sender.compose(end.digest, parts)
    return { ...file, digest: end.digest, size: end.size }
  }
  throw changed(file.file)
}

async function sendBlock(sender: BlobSender, { bytes, chunks }: HashedBlock): Promise<void> {
  const missing = new Set(await sender.missing(chunks.map(chunk => chunk.digest)))
  const pieces: Uint8Array[] = []
  for (const { digest, offset, length } of chunks) {
    if (!missing.delete(digest)) continue
    const head = Buffer.allocUnsafe(headLength)
    head.write(digest, 0, 'hex')
    head.writeUInt32BE(length, 32)
    pieces.push(head, bytes.subarray(offset, offset + length))
  }
  if (pieces.length > 0) await sender.putPack(Buffer.concat(pieces))
}

const tooLarge = (file: LocalFile) =>
  new HaganeError('too_large', `${file.file} is too large for one file of a snapshot: ${file.size} bytes`, {
    hint: `split it: a file has at most ${mostParts} chunks, about 150 GB`,
  })

/** Beside this file in the sources, beside the program in a bundle, of which this may be a chunk. */
function threadFile(): URL {
  const here = import.meta.url
  if (here.endsWith('.ts')) return new URL('./chunk-worker.ts', here)
  return new URL(here.includes('/chunks/') ? '../chunk-worker.mjs' : './chunk-worker.mjs', here)
}
