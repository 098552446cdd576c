import { setTimeout as pause } from 'node:timers/promises'
import {
  type BlobPart,
  blobRoutes,
  type Client,
  HaganeError,
  type LocalFileOffer,
  type TreeEntry,
} from '@hagane/contract'
import { readAccess } from './local-access.ts'

const digestsPerQuestion = 50_000
const attempts = 4

/** The content store of a server. What fails for a moment is tried again; everything here may be repeated. */
export class BlobSender {
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
  }

  /** Which of the digests the server lacks. */
  async missing(digests: readonly string[]): Promise<string[]> {
    const missing: string[] = []
    for (let start = 0; start < digests.length; start += digestsPerQuestion) {
      const body = { digests: digests.slice(start, start + digestsPerQuestion) }
      missing.push(...(await persistently(() => this.#client.call(blobRoutes.missing, { body }))).missing)
    }
    return missing
  }

  /** The key to files by path, on the server's own machine and for who may read what the server may; else undefined. */
  async localAccess(): Promise<string | undefined> {
    const { hostname } = new URL(this.#client.url)
    if (!/^(localhost|\[::1\]|127(\.\d+){3})$/.test(hostname)) return undefined
    try {
      const { access_file, key_digest } = await this.#client.call(blobRoutes.localAccess)
      return readAccess(access_file, key_digest)
    } catch {
      return undefined // an older server, or one whose files are not here
    }
  }

  /** Digests of files that the server reads by itself; null for those that it could not. */
  async putLocal(access: string, files: LocalFileOffer[]): Promise<(string | null)[]> {
    try {
      return (await persistently(() => this.#client.call(blobRoutes.putLocal, { body: { access, files } }))).digests
    } catch (error) {
      // a server that was started anew meanwhile has another key
      if (error instanceof HaganeError && error.kind === 'forbidden') return files.map(() => null)
      throw error
    }
  }

  async putPack(records: Uint8Array): Promise<void> {
    await persistently(() => this.#client.call(blobRoutes.putPack, { body: records as Uint8Array<ArrayBuffer> }))
  }

  async compose(digest: string, parts: BlobPart[]): Promise<void> {
    await persistently(() => this.#client.call(blobRoutes.compose, { params: { digest }, body: { parts } }))
  }

  async putTree(entries: TreeEntry[]): Promise<string> {
    return (await persistently(() => this.#client.call(blobRoutes.putTree, { body: { entries } }))).digest
  }

  /** Whether the server has the tree with all its blobs. */
  async hasTree(digest: string): Promise<boolean> {
    try {
      await persistently(() => this.#client.call(blobRoutes.treeSummary, { params: { digest } }))
      return true
    } catch (error) {
      if (error instanceof HaganeError && ['not_found', 'invalid', 'forbidden'].includes(error.kind)) return false
      throw error
    }
  }
}

async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt === attempts || !isPassing(error)) throw error
      await pause(250 * 4 ** (attempt - 1))
    }
  }
}

const isPassing = (error: unknown) =>
  error instanceof HaganeError && ['unavailable', 'timeout', 'rate_limited'].includes(error.kind)
