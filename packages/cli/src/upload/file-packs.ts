import { largestChunk } from '@hagane/contract'
import type { BlobSender } from './blob-sender.ts'
import { readSmall } from './read-small.ts'
import type { HashedFile, LocalFile } from './stamped-file.ts'

const headLength = 36
/** bytes and files after which a pack is sent */
const packBytes = 8 * 1024 * 1024
const packFiles = 4000
const packsUnderWay = 2

/** A pack that is being filled: records of `blobs.putPack` one after the other, and where each begins. */
class Pack {
  readonly #buffer = Buffer.allocUnsafe(packBytes + headLength + largestChunk + 1)
  readonly #begins = new Map<string, { at: number; end: number }>()
  #end = 0

  get isFull(): boolean {
    return this.#end >= packBytes || this.#begins.size >= packFiles
  }
  get digests(): string[] {
    return [...this.#begins.keys()]
  }

  /** Reads the file into the pack, unless its content is there already. Undefined when it is too large for one. */
  add(file: LocalFile): HashedFile | undefined {
    const at = this.#end + headLength
    const hashed = readSmall(file, this.#buffer, at, largestChunk)
    if (hashed === undefined || this.#begins.has(hashed.digest)) return hashed
    this.#buffer.write(hashed.digest, this.#end, 'hex')
    this.#buffer.writeUInt32BE(hashed.size, this.#end + 32)
    this.#begins.set(hashed.digest, { at: this.#end, end: at + hashed.size })
    this.#end = at + hashed.size
    return hashed
  }

  /** The records of some of its blobs. */
  records(digests: readonly string[]): Uint8Array {
    if (digests.length === this.#begins.size) return this.#buffer.subarray(0, this.#end)
    const parts = digests.map(digest => this.#begins.get(digest) ?? { at: 0, end: 0 })
    return Buffer.concat(parts.map(({ at, end }) => this.#buffer.subarray(at, end)))
  }
}

/**
 * Reads small files, each once, and sends in packs what the server lacks; the next pack is filled while others are under
 * way. Answers the files with their digests, in order; those that are too large by now are left undefined.
 */
export async function sendSmallFiles(
  sender: BlobSender,
  files: readonly LocalFile[],
  advance: (bytes: number) => void,
): Promise<(HashedFile | undefined)[]> {
  const hashed: (HashedFile | undefined)[] = []
  const underWay: Promise<void>[] = []
  let pack = new Pack()
  const send = async () => {
    const full = pack
    if (full.digests.length === 0) return
    pack = new Pack()
    if (underWay.length >= packsUnderWay) await underWay.shift()
    const sending = sendPack(sender, full)
    sending.catch(() => undefined) // it is awaited below
    underWay.push(sending)
  }
  for (const file of files) {
    hashed.push(pack.add(file))
    advance(file.size)
    if (pack.isFull) await send()
  }
  await send()
  await Promise.all(underWay)
  return hashed
}

async function sendPack(sender: BlobSender, pack: Pack): Promise<void> {
  const missing = await sender.missing(pack.digests)
  if (missing.length > 0) await sender.putPack(pack.records(missing))
}
