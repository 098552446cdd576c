/**
 * A record of a pack: one byte for its kind, the blob's digest (32), the length of what follows (4, big-endian), and that:
 * the bytes of the blob, or the recipe of a composed one. Packs hold nothing else, so the index can be made from them.
 */
export interface PackRecord {
  readonly digest: Buffer
  readonly composed: boolean
  readonly bytes: Uint8Array
}

export const recordHead = 37

export function headOf({ digest, composed, bytes }: PackRecord): Buffer {
  const head = Buffer.allocUnsafe(recordHead)
  head[0] = composed ? 2 : 1
  digest.copy(head, 1)
  head.writeUInt32BE(bytes.length, 33)
  return head
}

/** What a head says; undefined when these bytes are none, as after a write that was cut. */
export function readHead(head: Buffer): { digest: Buffer; composed: boolean; length: number } | undefined {
  if (head.length < recordHead || (head[0] !== 1 && head[0] !== 2)) return undefined
  return { digest: Buffer.from(head.subarray(1, 33)), composed: head[0] === 2, length: head.readUInt32BE(33) }
}
