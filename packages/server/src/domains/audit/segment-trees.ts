import { createHash, hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathOf, rootOf } from './merkle.ts'

/** Lines for which one root is kept. */
const WIDTH = 256
const OFFSET_BYTES = 8
const ENTRY = OFFSET_BYTES + 32

export interface SegmentRoot {
  /** SHA-256 of the file. */
  readonly digest: string
  readonly count: number
  /** Of the Merkle tree over the SHA-256 of each line without its end. */
  readonly root: string
}

/** Where a line stands, and its siblings up to the root. */
export interface LineProof {
  readonly index: number
  readonly path: readonly string[]
  readonly root: string
}

/**
 * Trees over the lines of sealed segments. Of each a small file is kept, `<segment>.tree`: for every 256 lines the place where
 * they begin (8 bytes) and their root (32). It follows from the segment and can be made again.
 */
export class SegmentTrees {
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
  }

  #file(revision: string, segment: string): string {
    return join(this.#dir, revision, `${segment}.tree`)
  }

  /** Reads a segment once and keeps its tree. A last line without its end is no line: it was never acknowledged. */
  async build(path: string, revision: string, segment: string): Promise<SegmentRoot> {
    const whole = createHash('sha256')
    const entries: Buffer[] = []
    const roots: string[] = []
    let leaves: string[] = []
    let [start, tileStart, count] = [0, 0, 0]
    const endTile = () => {
      const entry = Buffer.alloc(ENTRY)
      const root = rootOf(leaves)
      entry.writeBigUInt64BE(BigInt(tileStart))
      entry.write(root, OFFSET_BYTES, 'hex')
      entries.push(entry)
      roots.push(root)
      leaves = []
    }
    for await (const line of linesOf(path, bytes => whole.update(bytes))) {
      if (leaves.length === 0) tileStart = start
      leaves.push(hash('sha256', line))
      start += line.length + 1
      count += 1
      if (leaves.length === WIDTH) endTile()
    }
    if (leaves.length > 0) endTile()
    await this.#keep(this.#file(revision, segment), Buffer.concat(entries))
    return { digest: whole.digest('hex'), count, root: rootOf(roots) }
  }

  async #keep(file: string, bytes: Buffer): Promise<void> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await writeFile(`${file}.new`, bytes, { mode: 0o600 })
    await rename(`${file}.new`, file)
  }

  /** The proof of the line that begins at `start`; makes the tree when it is not there. */
  async prove(path: string, revision: string, segment: string, start: number): Promise<LineProof> {
    const kept = await readFile(this.#file(revision, segment)).catch(() => undefined)
    if (kept === undefined) await this.build(path, revision, segment)
    const entries = kept ?? (await readFile(this.#file(revision, segment)))
    const tiles = entries.length / ENTRY
    const offset = (tile: number) => Number(entries.readBigUInt64BE(tile * ENTRY))
    let tile = 0
    for (let high = tiles; high - tile > 1; ) {
      const middle = (tile + high) >> 1
      if (offset(middle) <= start) tile = middle
      else high = middle
    }
    const bytes = await readRange(path, offset(tile), tile + 1 < tiles ? offset(tile + 1) : undefined)
    const { leaves, index } = leavesOf(bytes, start - offset(tile))
    const roots = Array.from({ length: tiles }, (_, i) =>
      // the tile that was just read speaks for itself: the file may have been changed since
      i === tile ? rootOf(leaves) : entries.toString('hex', i * ENTRY + OFFSET_BYTES, (i + 1) * ENTRY),
    )
    const upper = pathOf(roots, tile)
    return { index: tile * WIDTH + index, path: [...pathOf(leaves, index), ...upper], root: rootOf(roots) }
  }

  async forget(revision: string, segment: string): Promise<void> {
    await rm(this.#file(revision, segment), { force: true })
  }
}

function leavesOf(bytes: Buffer, start: number): { leaves: string[]; index: number } {
  const leaves: string[] = []
  let index = 0
  let from = 0
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
    if (from === start) index = leaves.length
    leaves.push(hash('sha256', bytes.subarray(from, end)))
    from = end + 1
  }
  return { leaves, index }
}

async function readRange(path: string, from: number, to: number | undefined): Promise<Buffer> {
  const file = await open(path)
  try {
    const bytes = Buffer.alloc((to ?? (await file.stat()).size) - from)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from)
    return bytes.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

async function* linesOf(path: string, seen: (bytes: Buffer) => void): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    seen(chunk)
    const joined = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let from = 0
    for (let end = joined.indexOf(10); end >= 0; end = joined.indexOf(10, from)) {
      yield joined.subarray(from, end)
      from = end + 1
    }
    rest = joined.subarray(from)
  }
}
