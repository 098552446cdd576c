import { createReadStream } from 'node:fs'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { setTimeout as pause } from 'node:timers/promises'
import { blobRoutes, type Client, HaganeError, treeManifest } from '@hagane/contract'
import type { ContentStore } from '../types.ts'
import { digestOf } from './digest-of.ts'

const ATTEMPTS = 5
const FIRST_PAUSE_MS = 250

/**
 * The content of a server, over its API. Nothing is kept between calls but what the server has: what is missing is sent, what is
 * there already is not. What fails for a moment is tried again for about ten seconds.
 */
export function serverStore(client: Client): ContentStore {
  const missing = async (digest: string): Promise<boolean> =>
    (await persistently(() => client.call(blobRoutes.missing, { body: { digests: [digest] } }))).missing.length > 0
  return {
    openBlob(digest) {
      const through = new PassThrough()
      persistently(() => client.raw(blobRoutes.get, { params: { digest } }))
        .then(({ body }) =>
          pipeline(body === null ? Readable.from([]) : Readable.fromWeb(body as ReadableStream), through),
        )
        .catch((error: Error) => through.destroy(error))
      return through
    },
    getTree: async digest =>
      treeManifest.parse(await persistently(() => client.call(blobRoutes.getTree, { params: { digest } }))),
    async putFile(path) {
      const { digest, size } = await digestOf(path)
      if (await missing(digest)) await persistently(() => put(client, digest, path))
      return { digest, size }
    },
    async putTree(entries) {
      const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))
      const tree = await persistently(() => client.call(blobRoutes.putTree, { body: { entries: sorted } }))
      return { digest: tree.digest, size: tree.size, fileCount: tree.file_count }
    },
  }
}

const put = (client: Client, digest: string, path: string) =>
  client.call(blobRoutes.put, {
    params: { digest },
    body: Readable.toWeb(createReadStream(path)) as globalThis.ReadableStream<Uint8Array>,
  })

/** Tries again what may pass: no answer, too busy. */
async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      const passing = error instanceof HaganeError && ['unavailable', 'timeout', 'rate_limited'].includes(error.kind)
      if (attempt === ATTEMPTS || !passing) throw error
      await pause(FIRST_PAUSE_MS * 3 ** (attempt - 1))
    }
  }
}
