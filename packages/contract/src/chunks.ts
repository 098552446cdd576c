/**
 * Content-defined chunks after FastCDC (Xia et al., "FastCDC: a Fast and Efficient Content-Defined Chunking Approach for
 * Data Deduplication", USENIX ATC 2016; "The Design of Fast Content-Defined Chunking …", IEEE TPDS 2020): a gear hash
 * rolls over the bytes, a chunk ends where its high bits are zero, and bytes below the smallest size are skipped. A change
 * moves the ends near it only, so all other chunks are those that are stored already.
 * Sizes, masks and table are part of the protocol: other ones would find nothing of what older clients stored.
 */
export const smallestChunk = 64 * 1024
const normalChunk = 128 * 1024
/** Also the largest content that is stored in one piece. */
export const largestChunk = 1024 * 1024

/** "Normalised chunking" of the paper, level 2: hard to end below the normal size, easy above. 17 ± 2 of the high bits. */
const hardMask = 0xffff_e000 | 0
const easyMask = 0xfffe_0000 | 0

/** 256 random 32-bit numbers, the same everywhere: Marsaglia's xorshift32 from a fixed seed. */
const gear = gearTable(0x9e37_79b9)

function gearTable(seed: number): Int32Array {
  const table = new Int32Array(256)
  let state = seed
  for (let i = 0; i < table.length; i += 1) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    table[i] = state
  }
  return table
}

/**
 * Length in bytes of the chunk that begins at `start`. `end` is where the known bytes end: when they are not the last ones,
 * hand in at least `largestChunk` of them, else the chunk would end where the block does.
 */
export function chunkLength(bytes: Uint8Array, start: number, end: number): number {
  if (end - start <= smallestChunk) return end - start
  const normal = Math.min(start + normalChunk, end)
  const largest = Math.min(start + largestChunk, end)
  let hash = 0
  let at = start + smallestChunk
  // four bytes a turn take half the time of one
  for (const stop = normal - 3; at < stop; at += 4) {
    hash = ((hash << 1) + (gear[bytes[at] as number] as number)) | 0
    if ((hash & hardMask) === 0) return at + 1 - start
    hash = ((hash << 1) + (gear[bytes[at + 1] as number] as number)) | 0
    if ((hash & hardMask) === 0) return at + 2 - start
    hash = ((hash << 1) + (gear[bytes[at + 2] as number] as number)) | 0
    if ((hash & hardMask) === 0) return at + 3 - start
    hash = ((hash << 1) + (gear[bytes[at + 3] as number] as number)) | 0
    if ((hash & hardMask) === 0) return at + 4 - start
  }
  for (; at < normal; at += 1) {
    hash = ((hash << 1) + (gear[bytes[at] as number] as number)) | 0
    if ((hash & hardMask) === 0) return at + 1 - start
  }
  for (; at < largest; at += 1) {
    hash = ((hash << 1) + (gear[bytes[at] as number] as number)) | 0
    if ((hash & easyMask) === 0) return at + 1 - start
  }
  return largest - start
}

/** A block of a file with the chunks that lie in it; `offset` counts from the block's begin. */
export interface ChunkBlock {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly chunks: readonly { readonly offset: number; readonly length: number }[]
}

const blockSize = 4 * 1024 * 1024

/**
 * Cuts what `read` gives into chunks, a block of about 4 MiB at a time, so memory stays flat. `read` fills the array it is
 * given from its begin and answers how many bytes it wrote, 0 at the end.
 */
export function* chunkBlocks(read: (into: Uint8Array) => number): Generator<ChunkBlock> {
  let rest: Uint8Array = new Uint8Array(0)
  for (let ended = false; !ended; ) {
    const bytes = new Uint8Array(rest.length + blockSize)
    bytes.set(rest)
    let end = rest.length
    while (end < bytes.length && !ended) {
      const count = read(bytes.subarray(end))
      ended = count === 0
      end += count
    }
    const chunks: { offset: number; length: number }[] = []
    let offset = 0
    while (offset < end && (ended || end - offset >= largestChunk)) {
      const length = chunkLength(bytes, offset, end)
      chunks.push({ offset, length })
      offset += length
    }
    rest = bytes.slice(offset, end)
    if (chunks.length > 0) yield { bytes, chunks }
  }
}
