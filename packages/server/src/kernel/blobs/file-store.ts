import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { HaganeError } from '@hagane/contract'
import { BlobReader, notStored } from './blob-reader.ts'
import type { BlobStore, StoredTree } from './blob-store.ts'
import { folderEntries } from './folder.ts'
import { BlobIndex } from './index-store.ts'
import { refuseOther, storeBytes, storeFile, storeStream } from './ingest.ts'
import { storeLocalFiles } from './local-files.ts'
import { LooseBlobs } from './loose.ts'
import { materializeTree } from './materialize.ts'
import { readPackRequest } from './pack-request.ts'
import { Packs } from './packs.ts'
import { recipeRecords } from './recipe.ts'
import { recoverPacks } from './recover.ts'
import { bytesIn, encodeTree, parseTree } from './tree.ts'
import { refuseUnstored, sizesOf } from './unstored.ts'

/**
 * Blobs in the data folder: small ones in packs, large ones as recipes of chunks in packs, those of older data folders as
 * files. A blob is visible once its bytes are on disk, and never in half.
 */
export function openFileStore(dataDir: string): BlobStore {
  const root = join(dataDir, 'blobs')
  const incoming = join(root, 'incoming')
  rmSync(incoming, { recursive: true, force: true })
  const index = new BlobIndex(join(root, 'index.db'))
  recoverPacks(join(root, 'packs'), index)
  const packs = new Packs(join(root, 'packs'), index)
  const reader = new BlobReader(index, packs, new LooseBlobs(join(root, 'sha256')))
  const sizeOf = (digest: string) => reader.size(digest)
  const has = (digest: string) => sizeOf(digest) !== undefined
  const ingest = { packs, incoming, has }

  const store: BlobStore = {
    put: (source, expected) =>
      source instanceof Uint8Array ? storeBytes(ingest, source, expected) : storeStream(ingest, source, expected),
    putFile: path => storeFile(ingest, path),
    putLocal: files => storeLocalFiles(ingest, files),
    async putPack(pack) {
      const records = readPackRequest(pack)
      await packs.append(records)
      return { blobs: records.length }
    },
    async compose(digest, parts) {
      const size = parts.reduce((sum, part) => sum + part.size, 0)
      if (has(digest)) return { digest, size: sizeOf(digest) ?? size }
      await refuseUnstored(parts, sizeOf)
      const nested = parts.find(part => index.find(part.digest)?.composed)
      if (nested !== undefined) throw new HaganeError('invalid', `the part ${nested.digest} is composed itself`)
      refuseOther(await reader.digestOfRow(parts.map(part => part.digest)), digest)
      await packs.append(recipeRecords(digest, parts))
      return { digest, size }
    },
    has: async digest => has(digest),
    async missing(digests) {
      const sizes = await sizesOf(digests, sizeOf)
      return [...sizes].filter(([, size]) => size === undefined).map(([digest]) => digest)
    },
    async size(digest) {
      const size = sizeOf(digest)
      if (size === undefined) throw notStored(digest)
      return size
    },
    open: (digest, range) => reader.open(digest, range),
    readAll: digest => reader.readAll(digest),
    copyTo: (digest, path) => reader.copyTo(digest, path),
    async putTree(entries) {
      const text = Buffer.from(encodeTree(entries))
      await refuseUnstored(entries, sizeOf)
      const { digest } = await storeBytes(ingest, text)
      return known({ digest, size: bytesIn(entries), fileCount: entries.length })
    },
    async putFolder(path) {
      return store.putTree(await folderEntries(path, file => store.putFile(file)))
    },
    getTree: async digest => parseTree((await store.readAll(digest)).toString('utf8'), digest),
    async treeSummary(digest) {
      const summary = index.tree(digest)
      if (summary !== undefined) return summary
      const { entries } = await store.getTree(digest)
      await refuseUnstored(entries, sizeOf)
      return known({ digest, size: bytesIn(entries), fileCount: entries.length })
    },
    materialize: digest => materializeTree(dataDir, digest, store),
    verify: async digest => (await reader.digestOf(digest)) === digest,
    async close() {
      await packs.close()
      index.close()
    },
  }
  const known = (tree: StoredTree): StoredTree => {
    index.addTree(tree)
    return tree
  }
  return store
}
