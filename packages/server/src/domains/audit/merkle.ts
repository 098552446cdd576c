import { hash } from 'node:crypto'

const pair = Buffer.alloc(65)
pair[0] = 1

/**
 * SHA-256(0x01 ‖ left ‖ right), in hex. A leaf is the digest of text, which never begins with the byte 0x01, so leaves need
 * no mark of their own (RFC 9162 gives them one).
 */
export function parentHash(left: string, right: string): string {
  pair.write(left, 1, 'hex')
  pair.write(right, 33, 'hex')
  return hash('sha256', pair)
}

/** What a tree without leaves has as its root. */
export const EMPTY_ROOT = hash('sha256', '')

/** The largest power of two below n: where RFC 9162 §2.1.1 splits a tree of n leaves. */
export function splitOf(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** The root of a tree over some leaves. */
export function rootOf(leaves: readonly string[], from = 0, to = leaves.length): string {
  if (to === from) return EMPTY_ROOT
  if (to - from === 1) return leaves[from] as string
  const middle = from + splitOf(to - from)
  return parentHash(rootOf(leaves, from, middle), rootOf(leaves, middle, to))
}

/** The siblings from a leaf up to the root: RFC 9162 §2.1.3.1. */
export function pathOf(leaves: readonly string[], index: number): string[] {
  const path: string[] = []
  let [from, to] = [0, leaves.length]
  while (to - from > 1) {
    const middle = from + splitOf(to - from)
    path.push(index < middle ? rootOf(leaves, middle, to) : rootOf(leaves, from, middle))
    ;[from, to] = index < middle ? [from, middle] : [middle, to]
  }
  return path.reverse()
}
