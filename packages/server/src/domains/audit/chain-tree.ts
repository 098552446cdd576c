import type { Database } from '../../kernel/db/index.ts'
import { EMPTY_ROOT, parentHash, rootOf, splitOf } from './merkle.ts'
import { eventHashes, tileCount, tileHashes } from './reads.ts'
import { keepTiles } from './store.ts'

/** The Merkle tree over the hashes of all events; any size that the chain ever had can be asked for. */
export interface ChainTree {
  /** Root at a size. */
  root(size: number): Promise<string>
  /** Roots of the whole subtrees at a size, largest first. */
  peaks(size: number): Promise<string[]>
  /** Siblings from event `index` (from 0) up to the root at a size. */
  path(index: number, size: number): Promise<string[]>
}

/** A tile is 2^8 nodes of the level below. */
const WIDTH = 256
const LEVELS = [8, 16, 24] as const
const PAGE = 32 * WIDTH

/** Keeps a node for each 256 events, 65 536 and 16 777 216, so that a root or a path reads some hundred rows. */
export function buildChainTree(db: Database): ChainTree {
  async function extend(size: number): Promise<void> {
    const tiles = Math.floor(size / WIDTH)
    for (let from = await tileCount(db, 8); from < tiles; from += PAGE / WIDTH) {
      const to = Math.min(tiles, from + PAGE / WIDTH)
      await keepTiles(db, 8, from, tilesOf(await eventHashes(db, from * WIDTH, to * WIDTH)))
    }
    for (const level of [16, 24]) {
      const below = level - 8
      const whole = Math.floor(size / 2 ** level)
      for (let from = await tileCount(db, level); from < whole; from += 1)
        await keepTiles(db, level, from, tilesOf(await tileHashes(db, below, from * WIDTH, (from + 1) * WIDTH)))
    }
  }

  /** Root of the 2^height leaves from `start`, which is a multiple of that. */
  async function subtree(start: number, width: number): Promise<string> {
    const level = [0, ...LEVELS].findLast(level => 2 ** level <= width) as number
    const [from, to] = [start / 2 ** level, (start + width) / 2 ** level]
    return rootOf(level === 0 ? await eventHashes(db, from, to) : await tileHashes(db, level, from, to))
  }

  async function peaksOf(from: number, to: number): Promise<string[]> {
    const peaks: string[] = []
    for (let at = from; at < to; ) {
      const width = to - at === 1 ? 1 : splitOf(to - at + 1)
      peaks.push(await subtree(at, width))
      at += width
    }
    return peaks
  }

  const range = async (from: number, to: number): Promise<string> =>
    from === to ? EMPTY_ROOT : (await peaksOf(from, to)).reduceRight((right, left) => parentHash(left, right))

  return {
    async root(size) {
      await extend(size)
      return range(0, size)
    },
    async peaks(size) {
      await extend(size)
      return peaksOf(0, size)
    },
    async path(index, size) {
      await extend(size)
      const path: string[] = []
      let [from, to] = [0, size]
      while (to - from > 1) {
        const middle = from + splitOf(to - from)
        path.push(await (index < middle ? range(middle, to) : range(from, middle)))
        ;[from, to] = index < middle ? [from, middle] : [middle, to]
      }
      return path.reverse()
    },
  }
}

const tilesOf = (hashes: readonly string[]): string[] =>
  Array.from({ length: hashes.length / WIDTH }, (_, i) => rootOf(hashes, i * WIDTH, (i + 1) * WIDTH))
