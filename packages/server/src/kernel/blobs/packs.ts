import { closeSync, openSync, read as readCallback } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { HaganeError } from '@hagane/contract'
import { newHexId } from '../ids.ts'
import type { BlobIndex, Place, PlacedBlob } from './index-store.ts'
import { headOf, type PackRecord, recordHead } from './pack-record.ts'
import { recipeSize } from './recipe.ts'

const read = promisify(readCallback)
/** bytes; then a new pack is begun */
const largestPack = 1024 ** 3
/** bytes that one write and one flush carry */
const largestBatch = 32 * 1024 ** 2
/** mean bytes of a piece below which pieces are copied together */
const gathered = 16 * 1024
/** Packs whose descriptor stays open. */
const mostOpen = 256

interface Waiting {
  readonly records: readonly PackRecord[]
  resolve(): void
  reject(error: unknown): void
}

/**
 * Files that hold many blobs each. Whatever waits is appended by one write and one flush to disk, then entered into the
 * index: a blob is visible when it is safe. A pack is only ever appended to, and only by the process that began it.
 */
export class Packs {
  readonly #folder: string
  readonly #index: BlobIndex
  readonly #waiting: Waiting[] = []
  readonly #descriptors = new Map<number, number>()
  #names = new Map<number, string>()
  #current: { id: number; file: FileHandle; end: number } | undefined
  #flushing: Promise<void> | undefined

  constructor(folder: string, index: BlobIndex) {
    this.#folder = folder
    this.#index = index
  }

  /** Resolves once all records are on disk and in the index; those that are there already cost nothing. */
  append(records: readonly PackRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject })
      this.#flushing ??= this.#flush()
    })
  }

  async read({ pack, offset, length }: Place): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length)
    const { descriptor, close } = this.#descriptorOf(pack)
    try {
      for (let done = 0; done < length; ) {
        const { bytesRead } = await read(descriptor, bytes, done, length - done, offset + done)
        if (bytesRead === 0)
          throw new HaganeError('internal', `${this.#pathOf(pack)} ends before byte ${offset + length}`)
        done += bytesRead
      }
      return bytes
    } finally {
      close()
    }
  }

  async close(): Promise<void> {
    await this.#flushing
    await this.#current?.file.close()
    this.#current = undefined
    for (const descriptor of this.#descriptors.values()) closeSync(descriptor)
    this.#descriptors.clear()
  }

  async #flush(): Promise<void> {
    await Promise.resolve() // so that `append` has noted this promise before it ends
    while (this.#waiting.length > 0) {
      const batch: Waiting[] = []
      for (let bytes = 0; this.#waiting.length > 0 && (batch.length === 0 || bytes < largestBatch); ) {
        const next = this.#waiting.shift() as Waiting
        bytes += next.records.reduce((sum, record) => sum + record.bytes.length, 0)
        batch.push(next)
      }
      try {
        await this.#write(batch.flatMap(({ records }) => records))
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(spaceLeft(error))
      }
    }
    // in the same turn as the last look at what waits, else something could wait for ever
    this.#flushing = undefined
  }

  async #write(records: readonly PackRecord[]): Promise<void> {
    const fresh = new Map<string, PackRecord>()
    for (const record of records) {
      const digest = record.digest.toString('hex')
      if (!fresh.has(digest) && this.#index.find(digest) === undefined) fresh.set(digest, record)
    }
    if (fresh.size === 0) return
    const pack = await this.#packToAppend()
    const placed: PlacedBlob[] = []
    let end = pack.end
    for (const record of fresh.values()) {
      const { digest, composed, bytes } = record
      const size = composed ? recipeSize(bytes) : bytes.length
      placed.push({ digest, pack: pack.id, offset: end + recordHead, length: bytes.length, size, composed })
      end += recordHead + bytes.length
    }
    await writeAll(
      pack.file,
      pack.end,
      [...fresh.values()].flatMap(record => [headOf(record), record.bytes]),
    )
    await pack.file.datasync()
    this.#index.add(pack.id, placed, end)
    pack.end = end
  }

  async #packToAppend(): Promise<{ id: number; file: FileHandle; end: number }> {
    if (this.#current !== undefined && this.#current.end < largestPack) return this.#current
    await this.#current?.file.close()
    this.#current = undefined
    await mkdir(this.#folder, { recursive: true })
    const name = `${newHexId()}.pack`
    const file = await open(join(this.#folder, name), 'wx', 0o600)
    const folder = await open(this.#folder, 'r')
    await folder.sync().finally(() => folder.close())
    this.#current = { id: this.#index.addPack(name), file, end: 0 }
    return this.#current
  }

  #pathOf(pack: number): string {
    if (!this.#names.has(pack)) this.#names = new Map(this.#index.packs().map(({ id, name }) => [id, name]))
    return join(this.#folder, this.#names.get(pack) ?? `pack ${pack}`)
  }

  #descriptorOf(pack: number): { descriptor: number; close(): void } {
    const known = this.#descriptors.get(pack)
    if (known !== undefined) return { descriptor: known, close: () => undefined }
    const descriptor = openSync(this.#pathOf(pack), 'r')
    if (this.#descriptors.size >= mostOpen) return { descriptor, close: () => closeSync(descriptor) }
    this.#descriptors.set(pack, descriptor)
    return { descriptor, close: () => undefined }
  }
}

/** Large pieces are written where they lie; many small ones are faster in one. */
async function writeAll(file: FileHandle, position: number, pieces: readonly Uint8Array[]): Promise<void> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  let done = length / pieces.length < gathered ? 0 : (await file.writev(pieces, position)).bytesWritten
  if (done === length) return
  const bytes = Buffer.concat(pieces)
  while (done < length) done += (await file.write(bytes, done, length - done, position + done)).bytesWritten
}

function spaceLeft(error: unknown): unknown {
  if (!['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) return error
  return new HaganeError('unavailable', 'the disk with the data folder of the server is full', {
    hint: 'free some space there and try again: what was stored so far is kept',
    cause: error,
  })
}
