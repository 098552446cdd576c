import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** SHA-256, in hexadecimal digits, and bytes of a file of any size. */
export async function digestOf(path: string): Promise<{ digest: string; size: number }> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    size += chunk.length
  }
  return { digest: hash.digest('hex'), size }
}
