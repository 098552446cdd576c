import { createHash } from 'node:crypto'
import { blobRoutes, type Client } from '@hagane/contract'

/** Stores `{ path: text }` as a tree and answers its digest. */
export async function uploadFiles(client: Client, files: Record<string, string>): Promise<string> {
  const entries = []
  for (const [path, text] of Object.entries(files)) {
    const bytes = Buffer.from(text)
    const digest = createHash('sha256').update(bytes).digest('hex')
    await client.call(blobRoutes.put, { params: { digest }, body: bytes })
    entries.push({ path, digest, size: bytes.length })
  }
  return (await client.call(blobRoutes.putTree, { body: { entries } })).digest
}
