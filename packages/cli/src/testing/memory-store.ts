import { hash } from 'node:crypto'
import { blobRoutes, HaganeError, type TreeEntry } from '@hagane/contract'
import { type Bound, bind } from './contract-server.ts'

/** A content store that keeps blobs in memory and refuses what the real one refuses. */
export class MemoryStore {
  readonly blobs = new Map<string, Uint8Array>()
  /** Called before each blob is taken; may change files, or fail. */
  onPut: (digest: string) => void | Promise<void> = () => undefined

  readonly routes: readonly Bound[] = [
    bind(blobRoutes.missing, ({ body }) => ({ missing: body.digests.filter(digest => !this.blobs.has(digest)) })),
    bind(blobRoutes.put, async ({ params, bytes }) => {
      await this.#take(params.digest, bytes)
      return { digest: params.digest, size: bytes.length }
    }),
    bind(blobRoutes.putPack, async ({ bytes }) => {
      let stored = 0
      for (let at = 0; at < bytes.length; stored += 1) {
        const [digest, end] = [bytes.toString('hex', at, at + 32), at + 36 + bytes.readUInt32BE(at + 32)]
        await this.#take(digest, bytes.subarray(at + 36, end))
        at = end
      }
      return { blobs: stored }
    }),
    bind(blobRoutes.compose, async ({ params, body }) => {
      const whole = Buffer.concat(body.parts.map(part => this.#blob(part.digest)))
      await this.#take(params.digest, whole)
      return { digest: params.digest, size: whole.length }
    }),
    bind(blobRoutes.get, ({ params }) => this.#blob(params.digest)),
    bind(blobRoutes.putTree, ({ body }) => {
      for (const { digest } of body.entries) this.#blob(digest)
      const size = body.entries.reduce((sum, entry) => sum + entry.size, 0)
      return { digest: this.putTree(body.entries), size, file_count: body.entries.length }
    }),
    bind(blobRoutes.treeSummary, ({ params }) => {
      const entries = this.entriesOf(params.digest)
      const size = entries.reduce((sum, entry) => sum + entry.size, 0)
      return { digest: params.digest, size, file_count: entries.length }
    }),
    bind(blobRoutes.getTree, ({ params }) => ({ entries: this.entriesOf(params.digest) })),
  ]

  async #take(digest: string, bytes: Uint8Array): Promise<void> {
    await this.onPut(digest)
    if (hash('sha256', bytes) !== digest) throw new HaganeError('invalid', 'the bytes have another digest')
    this.blobs.set(digest, bytes)
  }

  putText(text: string): string {
    const digest = hash('sha256', text)
    this.blobs.set(digest, Buffer.from(text))
    return digest
  }

  putTree(entries: readonly TreeEntry[]): string {
    return this.putText(JSON.stringify({ entries }))
  }

  /** Stores files given as texts by path and answers the tree's digest. */
  putFiles(files: Record<string, string>): string {
    return this.putTree(
      Object.entries(files).map(([path, text]) => ({
        path,
        digest: this.putText(text),
        size: Buffer.byteLength(text),
      })),
    )
  }

  entriesOf(digest: string): TreeEntry[] {
    return (JSON.parse(Buffer.from(this.#blob(digest)).toString()) as { entries: TreeEntry[] }).entries
  }

  /** What a reference such as hagane://trees/<digest> holds, as texts by path. */
  filesAt(uri: string): Record<string, string> {
    const digest = /^hagane:\/\/trees\/([0-9a-f]{64})/.exec(uri)?.[1] ?? ''
    return Object.fromEntries(
      this.entriesOf(digest).map(entry => [entry.path, Buffer.from(this.#blob(entry.digest)).toString()]),
    )
  }

  #blob(digest: string): Uint8Array {
    const bytes = this.blobs.get(digest)
    if (bytes === undefined) throw new HaganeError('not_found', `no blob ${digest}`)
    return bytes
  }
}
