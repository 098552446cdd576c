import { hash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileStamp, HaganeError, type LocalFileOffer, largestChunk } from '@hagane/contract'
import { type Ingest, storeChunked } from './ingest.ts'
import type { PackRecord } from './pack-record.ts'

/** bytes and files after which others get a turn, and what was read goes to disk */
const portionBytes = 4 * 1024 * 1024
const portionFiles = 250
const portionsUnderWay = 2
/** A pipe that took the place of a file must not keep us waiting for its writer. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK

/** Stores files of this machine, each read once; null for those that are not what their stamps say, before or after. */
export async function storeLocalFiles(ingest: Ingest, files: readonly LocalFileOffer[]): Promise<(string | null)[]> {
  const digests = files.map((): string | null => null)
  await storeSmall(ingest, files, digests)
  await Promise.all(
    files.map(async (file, index) => {
      if (file.size > largestChunk) digests[index] = await storeLarge(ingest, file)
    }),
  )
  return digests
}

async function storeSmall(ingest: Ingest, files: readonly LocalFileOffer[], digests: (string | null)[]): Promise<void> {
  const underWay: Promise<void>[] = []
  let records: PackRecord[] = []
  let [bytes, count] = [0, 0]
  const flush = async () => {
    const writing = ingest.packs.append(records)
    writing.catch(() => undefined) // it is awaited below
    underWay.push(writing)
    records = []
    bytes = 0
    count = 0
    if (underWay.length > portionsUnderWay) await underWay.shift()
    else await nextTurn()
  }
  for (const [index, file] of files.entries()) {
    const content = file.size > largestChunk ? undefined : readSame(file)
    if (content === undefined) continue
    const digest = hash('sha256', content)
    digests[index] = digest
    bytes += content.length
    count += 1
    if (!ingest.has(digest)) records.push({ digest: Buffer.from(digest, 'hex'), composed: false, bytes: content })
    if (bytes >= portionBytes || count >= portionFiles) await flush()
  }
  await flush()
  await Promise.all(underWay)
}

/** The bytes of a small file, when it is the one that was offered. */
function readSame(file: LocalFileOffer): Buffer | undefined {
  try {
    const descriptor = openSync(file.path, flags)
    try {
      const isSame = () => fileStamp(fstatSync(descriptor, { bigint: true })) === file.stamp
      if (!isSame()) return undefined
      const content = Buffer.allocUnsafe(file.size)
      let length = 0
      for (let more = 1; more > 0 && length < file.size; length += more)
        more = readSync(descriptor, content, length, file.size - length, length)
      return length === file.size && isSame() ? content : undefined
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return undefined // the caller reads it, and says what is wrong with it
  }
}

async function storeLarge(ingest: Ingest, file: LocalFileOffer): Promise<string | null> {
  const isSame = () => {
    const stat = statSync(file.path, { bigint: true, throwIfNoEntry: false })
    return stat?.isFile() === true && fileStamp(stat) === file.stamp
  }
  try {
    if (!isSame()) return null
    const { digest } = await storeChunked(ingest, file.path)
    return isSame() ? digest : null
  } catch (error) {
    if (error instanceof HaganeError && error.kind !== 'conflict') throw error
    return null
  }
}
