import { createHash } from 'node:crypto'
import { blobRoutes, type Client } from '@hagane/contract'

/** Stores `{ path: content }` as a tree and answers its digest. */
export async function uploadFiles(client: Client, files: Record<string, string | Uint8Array>): Promise<string> {
  const entries = []
  for (const [path, content] of Object.entries(files)) {
    const bytes = Buffer.from(content as string)
    const digest = createHash('sha256').update(bytes).digest('hex')
    await client.call(blobRoutes.put, { params: { digest }, body: bytes })
    entries.push({ path, digest, size: bytes.length })
  }
  return (await client.call(blobRoutes.putTree, { body: { entries } })).digest
}
