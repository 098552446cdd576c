import type { Readable } from 'node:stream'
import type { TreeEntry, TreeManifest } from '@hagane/contract'

export interface StoredBlob {
  digest: string
  size: number
}
export interface StoredTree {
  digest: string
  size: number
  fileCount: number
}

/** Content-addressed bytes. The file driver is the first; object stores come behind the same interface. */
export interface BlobStore {
  /** Streams in, hashing on the way. With `expected`, other bytes are refused and nothing is kept. */
  put(source: Readable | Uint8Array, expected?: string): Promise<StoredBlob>
  putFile(path: string): Promise<StoredBlob>
  has(digest: string): Promise<boolean>
  /** Throws not_found. */
  size(digest: string): Promise<number>
  /** `end` is inclusive, as in HTTP ranges. */
  open(digest: string, range?: { start: number; end: number }): Readable
  readAll(digest: string): Promise<Buffer>
  /** The local file with a blob's bytes, never to be written; only of a store that keeps files. */
  pathOf?(digest: string): string
  /** Stores the manifest of blobs that are all there. Refuses unsafe or clashing paths. */
  putTree(entries: readonly TreeEntry[]): Promise<StoredTree>
  putFolder(path: string): Promise<StoredTree>
  getTree(digest: string): Promise<TreeManifest>
  /** A read-only folder with the tree's files, shared by all who ask; checked by stat and restored when somebody changed it. */
  materialize(treeDigest: string): Promise<string>
  /** Reads a blob again and compares its digest. */
  verify(digest: string): Promise<boolean>
}
