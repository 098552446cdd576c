import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { blobRoutes, type Client, HaganeError } from '@hagane/contract'
import type { Progress } from '../terminal/progress.ts'
import { changed, type HashedFile, isUnchanged } from './hash-file.ts'

const parallel = 4
const digestsPerQuestion = 50_000
const wholeLimit = 256 * 1024
const attempts = 4

/** Which of the files the server lacks; the same content is named once. */
export async function missingBlobs(client: Client, files: readonly HashedFile[]): Promise<HashedFile[]> {
  const byDigest = new Map(files.map(file => [file.digest, file]))
  const digests = [...byDigest.keys()]
  const missing: HashedFile[] = []
  for (let start = 0; start < digests.length; start += digestsPerQuestion) {
    const part = digests.slice(start, start + digestsPerQuestion)
    const answer = await client.call(blobRoutes.missing, { body: { digests: part } })
    missing.push(...answer.missing.flatMap(digest => byDigest.get(digest) ?? []))
  }
  return missing
}

/** Puts files, four at a time; stops at the first that fails for good. */
export async function storeBlobs(client: Client, files: readonly HashedFile[], progress: Progress): Promise<void> {
  const queue = [...files].reverse()
  const worker = async () => {
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      await storeBlob(client, file, progress).catch((error: unknown) => {
        queue.length = 0
        throw error
      })
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallel, files.length) }, worker))
}

async function storeBlob(client: Client, file: HashedFile, progress: Progress): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    if (!isUnchanged(file)) throw changed(file.file)
    let sent = 0
    const advance = (bytes: number) => {
      sent += bytes
      progress.advance(bytes)
    }
    try {
      await client.call(blobRoutes.put, { params: { digest: file.digest }, body: await bodyOf(file, advance) })
      return
    } catch (error) {
      progress.advance(-sent)
      if (!isUnchanged(file)) throw changed(file.file)
      if (attempt === attempts || !isPassing(error)) throw error
      await pause(250 * 4 ** (attempt - 1))
    }
  }
}

const isPassing = (error: unknown) =>
  error instanceof HaganeError && ['unavailable', 'timeout', 'rate_limited'].includes(error.kind)

type Advance = (bytes: number) => void

async function bodyOf(file: HashedFile, advance: Advance): Promise<NonNullable<RequestInit['body']>> {
  if (file.size > wholeLimit)
    return Readable.toWeb(Readable.from(chunksOf(file, advance))) as ReadableStream<Uint8Array>
  advance(file.size)
  return new Uint8Array(await readFile(file.file))
}

async function* chunksOf(file: HashedFile, advance: Advance): AsyncGenerator<Buffer> {
  for await (const chunk of createReadStream(file.file, { highWaterMark: 512 * 1024 })) {
    yield chunk
    advance(chunk.length)
  }
}
