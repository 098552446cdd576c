import { hash } from 'node:crypto'

const pair = Buffer.alloc(65)
pair[0] = 1

/**
 * SHA-256(0x01 ‖ left ‖ right), all in hex. Leaves are digests of text, which never begins with 0x01, so neither can pass for
 * the other.
 */
export function parent(left: string, right: string): string {
  pair.write(left, 1, 'hex')
  pair.write(right, 33, 'hex')
  return hash('sha256', pair)
}

/**
 * The Merkle tree of RFC 9162 §2.1 while it grows: it keeps the roots of its whole subtrees, largest first, and can go on
 * from those of an earlier size. Digests are hex.
 */
export class GrowingTree {
  #size: number
  readonly peaks: string[]

  constructor(size = 0, peaks: readonly string[] = []) {
    this.#size = size
    this.peaks = [...peaks]
  }

  add(leaf: string): void {
    let node = leaf
    for (let n = this.#size; n % 2 === 1; n = Math.floor(n / 2)) node = parent(this.peaks.pop() as string, node)
    this.peaks.push(node)
    this.#size += 1
  }

  /** Of nothing it is the digest of nothing. */
  root(): string {
    const { peaks } = this
    return peaks.length === 0 ? hash('sha256', '') : peaks.reduceRight((right, left) => parent(left, right))
  }
}

/** The root that a leaf and its path lead to: RFC 9162 §2.1.3.2. Undefined when the path cannot be one of that place. */
export function rootOfPath(leaf: string, index: number, size: number, path: readonly string[]): string | undefined {
  let [at, last, node] = [index, size - 1, leaf]
  if (!(index >= 0 && index < size)) return undefined
  for (const sibling of path) {
    if (last === 0 || !/^[0-9a-f]{64}$/.test(sibling)) return undefined
    if (at % 2 === 1 || at === last) {
      node = parent(sibling, node)
      while (at % 2 === 0 && at !== 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
    } else node = parent(node, sibling)
    ;[at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
  }
  return last === 0 ? node : undefined
}
