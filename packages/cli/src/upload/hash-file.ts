import { createHash, hash } from 'node:crypto'
import { type BigIntStats, closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { setImmediate as breathe } from 'node:timers/promises'
import { HaganeError } from '@hagane/contract'
import type { LocalFile } from './walk.ts'

/** A file as it was when it was read: its SHA-256, and what tells later whether it is still the same. */
export interface HashedFile extends LocalFile {
  readonly digest: string
  readonly size: number
  readonly executable: boolean
  readonly stamp: string
}

type Advance = (bytes: number) => void

const wholeLimit = 1024 * 1024
const blockSize = 4 * 1024 * 1024
const attempts = 3

/** Reads a file once and hashes it; a file that changes under the reader is read again, and in the end refused. */
export async function hashFile(local: LocalFile, advance: Advance = () => undefined): Promise<HashedFile> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const hashed = await readOnce(local, advance)
    if (hashed !== undefined) return hashed
  }
  throw changed(local.file)
}

/** Whether the file is still what `hashFile` saw, by size, inode and times. */
export function isUnchanged(hashed: HashedFile): boolean {
  const stat = statSync(hashed.file, { bigint: true, throwIfNoEntry: false })
  return stat !== undefined && stampOf(stat) === hashed.stamp
}

export const changed = (file: string) =>
  new HaganeError('conflict', `${file} changes while it is read`, {
    hint: 'stop what writes to it, or upload a copy',
  })

const stampOf = (stat: BigIntStats) => `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`

async function readOnce(local: LocalFile, advance: Advance): Promise<HashedFile | undefined> {
  const descriptor = openSync(local.file, 'r')
  try {
    const before = fstatSync(descriptor, { bigint: true })
    const small = before.size <= wholeLimit
    const digest = small ? hash('sha256', readFileSync(descriptor)) : await hashBlocks(descriptor, advance)
    if (small) advance(Number(before.size))
    const after = fstatSync(descriptor, { bigint: true })
    if (stampOf(before) !== stampOf(after)) return undefined
    return {
      ...local,
      digest,
      size: Number(after.size),
      executable: (after.mode & 0o100n) !== 0n,
      stamp: stampOf(after),
    }
  } finally {
    closeSync(descriptor)
  }
}

/** Block by block, letting timers and signals through between blocks. */
async function hashBlocks(descriptor: number, advance: Advance): Promise<string> {
  const hasher = createHash('sha256')
  const block = Buffer.allocUnsafe(blockSize)
  for (;;) {
    const length = readSync(descriptor, block, 0, blockSize, null)
    if (length === 0) return hasher.digest('hex')
    hasher.update(block.subarray(0, length))
    advance(length)
    await breathe()
  }
}
