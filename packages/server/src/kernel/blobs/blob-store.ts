import type { Readable } from 'node:stream'
import type { BlobPart, LocalFileOffer, TreeEntry, TreeManifest } from '@hagane/contract'

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
  /** Streams in, hashing on the way. With `expected`, other bytes are refused and get no name. */
  put(source: Readable | Uint8Array, expected?: string): Promise<StoredBlob>
  /** Reads the file once. Throws conflict when it changes meanwhile. */
  putFile(path: string): Promise<StoredBlob>
  /** Files of this machine, see `blobs.putLocal`; null for one that is not what its stamp says. */
  putLocal(files: readonly LocalFileOffer[]): Promise<(string | null)[]>
  /** Many small blobs by one write; see `blobs.putPack` for the form. All or none; throws invalid on other digests. */
  putPack(pack: Buffer): Promise<{ blobs: number }>
  /** Names a row of stored blobs by the digest they have together. Throws invalid when they have another. */
  compose(digest: string, parts: readonly BlobPart[]): Promise<StoredBlob>
  has(digest: string): Promise<boolean>
  /** Those of the digests that are not stored, in the same order. */
  missing(digests: readonly string[]): Promise<string[]>
  /** Throws not_found. */
  size(digest: string): Promise<number>
  /** `end` is inclusive, as in HTTP ranges. */
  open(digest: string, range?: { start: number; end: number }): Readable
  readAll(digest: string): Promise<Buffer>
  /** Writes a blob to a new file, by reference where the file system can; its size. Throws not_found. */
  copyTo(digest: string, path: string): Promise<number>
  /** Stores the manifest of blobs that are all there. Refuses unsafe or clashing paths. */
  putTree(entries: readonly TreeEntry[]): Promise<StoredTree>
  putFolder(path: string): Promise<StoredTree>
  getTree(digest: string): Promise<TreeManifest>
  /** Size and count of a tree whose blobs are all there, without reading it again. Throws not_found and invalid. */
  treeSummary(digest: string): Promise<StoredTree>
  /** A read-only folder with the tree's files, shared by all who ask; checked by stat and restored when somebody changed it. */
  materialize(treeDigest: string): Promise<string>
  /** Reads a blob again and compares its digest. */
  verify(digest: string): Promise<boolean>
  /** Ends what is being written; the store is not used afterwards. */
  close(): Promise<void>
}
