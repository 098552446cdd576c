import { setImmediate as breathe } from 'node:timers/promises'
import { HaganeError } from '@hagane/contract'

/** Blobs that are looked up before other work gets its turn. */
const lookups = 2000

type SizeOf = (digest: string) => number | undefined

/** Looks many digests up, letting other work through. */
export async function sizesOf(digests: Iterable<string>, sizeOf: SizeOf): Promise<Map<string, number | undefined>> {
  const sizes = new Map<string, number | undefined>()
  for (const digest of digests) {
    if (sizes.has(digest)) continue
    sizes.set(digest, sizeOf(digest))
    if (sizes.size % lookups === 0) await breathe()
  }
  return sizes
}

/** Throws invalid when a blob of a tree, or a part of a blob, is not stored or has another size than it is said to have. */
export async function refuseUnstored(
  entries: readonly { digest: string; size: number; path?: string }[],
  sizeOf: SizeOf,
): Promise<void> {
  const digests = entries.map(entry => entry.digest)
  const sizes = await sizesOf(digests, sizeOf)
  const missing = [...sizes].filter(([, size]) => size === undefined).map(([digest]) => digest)
  const whole = entries[0]?.path === undefined ? 'blob' : 'tree'
  if (missing.length > 0)
    throw new HaganeError(
      'invalid',
      `${missing.length} blobs of this ${whole} are not stored, the first is ${missing[0]}`,
      {
        hint: 'ask /api/v1/blobs/missing and put those first',
      },
    )
  const wrong = entries.findIndex(entry => sizes.get(entry.digest) !== entry.size)
  const entry = entries[wrong]
  if (entry === undefined) return
  const what = entry.path === undefined ? `part ${wrong}` : JSON.stringify(entry.path)
  throw new HaganeError('invalid', `${what} has ${sizes.get(entry.digest)} bytes, the ${whole} says ${entry.size}`, {
    hint: 'the file changed while it was sent: take its size and digest again',
  })
}
