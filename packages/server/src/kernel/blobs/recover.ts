import { hash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { BlobIndex, PlacedBlob } from './index-store.ts'
import { readHead, recordHead } from './pack-record.ts'
import { isRecipe, recipeSize } from './recipe.ts'

/** Blobs that one transaction of the index takes. */
const batchSize = 10_000

/**
 * Enters into the index what packs hold beyond it: after a power cut, a kill between write and entry, or a lost index.
 * A record counts when it is whole, bytes with their digest or a sealed recipe; the first that is not ends its pack.
 */
export function recoverPacks(folder: string, index: BlobIndex): void {
  const known = new Map(index.packs().map(pack => [pack.name, pack]))
  for (const name of packNames(folder)) {
    const descriptor = openSync(join(folder, name), 'r')
    try {
      const size = fstatSync(descriptor).size
      const pack = known.get(name) ?? { id: index.addPack(name), end: 0 }
      if (size > pack.end) recoverPack(descriptor, pack, size, index)
    } finally {
      closeSync(descriptor)
    }
  }
}

function packNames(folder: string): string[] {
  try {
    return readdirSync(folder).filter(name => name.endsWith('.pack'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function recoverPack(descriptor: number, pack: { id: number; end: number }, size: number, index: BlobIndex): void {
  let found: PlacedBlob[] = []
  let at = pack.end
  for (let record = readRecord(descriptor, at, size); record !== undefined; record = readRecord(descriptor, at, size)) {
    found.push({ ...record, pack: pack.id })
    at = record.offset + record.length
    if (found.length < batchSize) continue
    index.add(pack.id, found, at)
    found = []
  }
  // what is left cannot become a record any more: nobody appends to the pack of an earlier process
  index.add(pack.id, found, size)
}

function readRecord(descriptor: number, at: number, size: number): Omit<PlacedBlob, 'pack'> | undefined {
  const head = readHead(readAt(descriptor, at, recordHead))
  const offset = at + recordHead
  if (head === undefined || offset + head.length > size) return undefined
  const { digest, composed, length } = head
  const bytes = readAt(descriptor, offset, length)
  const whole = composed ? isRecipe(digest, bytes) : hash('sha256', bytes, 'buffer').equals(digest)
  return whole ? { digest, composed, offset, length, size: composed ? recipeSize(bytes) : length } : undefined
}

function readAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let done = 0
  for (let count = 1; count > 0 && done < length; done += count)
    count = readSync(descriptor, bytes, done, length - done, position + done)
  return bytes.subarray(0, done)
}
