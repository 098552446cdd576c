import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { HaganeError } from '@hagane/contract'
import type { BlobIndex, Place } from './index-store.ts'
import type { LooseBlobs } from './loose.ts'
import type { Packs } from './packs.ts'
import { decodeRows, segmentRows } from './recipe.ts'

interface Range {
  start: number
  /** inclusive */
  end: number
}

/** Reads blobs wherever they lie: packed, composed of packed ones, or loose. */
export class BlobReader {
  readonly #index: BlobIndex
  readonly #packs: Packs
  readonly #loose: LooseBlobs

  constructor(index: BlobIndex, packs: Packs, loose: LooseBlobs) {
    this.#index = index
    this.#packs = packs
    this.#loose = loose
  }

  size(digest: string): number | undefined {
    return this.#index.find(digest)?.size ?? this.#loose.size(digest)
  }

  open(digest: string, range?: Range): Readable {
    const place = this.#index.find(digest)
    if (place === undefined) return this.#loose.open(digest, range)
    return Readable.from(this.#pieces(place, range ?? { start: 0, end: place.size - 1 }), {
      objectMode: false,
      highWaterMark: 1,
    })
  }

  /** Throws not_found. */
  async readAll(digest: string): Promise<Buffer> {
    const place = this.#index.find(digest)
    if (place === undefined) return this.#loose.read(digest).catch(() => Promise.reject(notStored(digest)))
    if (!place.composed) return this.#packs.read(place)
    const pieces: Buffer[] = []
    for await (const piece of this.#pieces(place, { start: 0, end: place.size - 1 })) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  /** Throws not_found, and EEXIST when there is a file. */
  async copyTo(digest: string, path: string): Promise<number> {
    const place = this.#index.find(digest)
    if (place === undefined) {
      if (this.#loose.size(digest) === undefined) throw notStored(digest)
      return this.#loose.copyTo(digest, path)
    }
    const file = await open(path, 'wx', 0o644)
    try {
      for await (const piece of this.#pieces(place, { start: 0, end: place.size - 1 })) await file.writeFile(piece)
    } finally {
      await file.close()
    }
    return place.size
  }

  /** SHA-256 of the bytes as they are now. */
  async digestOf(digest: string): Promise<string> {
    const hash = createHash('sha256')
    for await (const piece of this.open(digest)) hash.update(piece as Buffer)
    return hash.digest('hex')
  }

  /** SHA-256 of small blobs one after the other; the next is read while one is hashed. */
  async digestOfRow(digests: readonly string[]): Promise<string> {
    const hash = createHash('sha256')
    let next: Promise<Buffer> = Promise.resolve(Buffer.alloc(0))
    for (const digest of digests) {
      const bytes = await next
      next = this.readAll(digest)
      hash.update(bytes)
    }
    return hash.update(await next).digest('hex')
  }

  async *#pieces(place: Place, range: Range): AsyncGenerator<Buffer> {
    if (!place.composed) {
      if (range.end >= range.start)
        yield await this.#packs.read({
          ...place,
          offset: place.offset + range.start,
          length: range.end - range.start + 1,
        })
      return
    }
    let at = 0
    for (const segment of segmentRows(await this.#packs.read(place))) {
      const [begin, end] = [at, at + segment.size - 1]
      at = end + 1
      if (begin > range.end) return
      if (end >= range.start) yield* this.#segment(segment.digest, begin, range)
    }
  }

  async *#segment(digest: string, begin: number, range: Range): AsyncGenerator<Buffer> {
    let at = begin
    for (const chunk of decodeRows(await this.readAll(digest))) {
      const [start, end] = [Math.max(range.start, at), Math.min(range.end, at + chunk.size - 1)]
      if (start <= end) yield await this.#part(chunk.digest, { start: start - at, end: end - at })
      at += chunk.size
      if (at > range.end) return
    }
  }

  async #part(digest: string, { start, end }: Range): Promise<Buffer> {
    const place = this.#index.find(digest)
    if (place?.composed === false)
      return this.#packs.read({ ...place, offset: place.offset + start, length: end - start + 1 })
    return (await this.readAll(digest)).subarray(start, end + 1)
  }
}

export const notStored = (digest: string) => new HaganeError('not_found', `no content with digest ${digest}`)
