import { resolve } from 'node:path'
import type { BlobSender } from './blob-sender.ts'
import type { HashedFile, LocalFile } from './stamped-file.ts'

/** Below both, asking for the key costs more than it saves. */
const worthBytes = 2 * 1024 * 1024
const worthFiles = 100
/** bytes and files of one request, which answers when they are stored; a single file may be larger, up to the most */
const portionBytes = 64 * 1024 * 1024
const portionFiles = 4000
const mostBytes = 32 * 1024 ** 3
const portionsUnderWay = 2

/**
 * Has the server read the files itself, when it runs on this machine and this user may read whatever it may: nothing is
 * sent and each file is hashed once. Those of which it could not make sure that they are the same are left undefined.
 */
export async function offerFiles(
  sender: BlobSender,
  files: readonly LocalFile[],
  advance: (bytes: number) => void,
): Promise<(HashedFile | undefined)[]> {
  const hashed: (HashedFile | undefined)[] = files.map(() => undefined)
  const total = files.reduce((sum, file) => sum + file.size, 0)
  if (total < worthBytes && files.length < worthFiles) return hashed
  const access = await sender.localAccess()
  if (access === undefined) return hashed
  const portions = portionsOf(files)
  const work = async () => {
    for (let portion = portions.shift(); portion !== undefined; portion = portions.shift()) {
      const offered = portion.map(({ file }) => ({ path: resolve(file.file), size: file.size, stamp: file.stamp }))
      const digests = await sender.putLocal(access, offered)
      for (const [i, { file, index }] of portion.entries()) {
        const digest = digests[i]
        if (typeof digest !== 'string') continue
        hashed[index] = { ...file, digest }
        advance(file.size)
      }
    }
  }
  await Promise.all(Array.from({ length: portionsUnderWay }, work))
  return hashed
}

interface Offered {
  readonly file: LocalFile
  readonly index: number
}

function portionsOf(files: readonly LocalFile[]): Offered[][] {
  const portions: Offered[][] = []
  let [bytes, last]: [number, Offered[]] = [0, []]
  for (const [index, file] of files.entries()) {
    if (file.size > mostBytes) continue
    if (last.length === 0 || last.length >= portionFiles || bytes + file.size > portionBytes) {
      last = []
      bytes = 0
      portions.push(last)
    }
    last.push({ file, index })
    bytes += file.size
  }
  return portions
}
