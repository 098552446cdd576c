import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { access, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { HaganeError, type TreeEntry } from '@hagane/contract'
import { newHexId } from '../ids.ts'
import type { BlobStore, StoredBlob } from './blob-store.ts'
import { folderEntries } from './folder.ts'
import { materializeTree } from './materialize.ts'
import { encodeTree, parseTree, sizeOf } from './tree.ts'

const SMALL = 64 * 1024

/** Blobs as files `blobs/sha256/ab/cdef…`, written beside, fsynced and renamed, so that a name never shows half a content. */
export function openFileStore(dataDir: string): BlobStore {
  const root = join(dataDir, 'blobs', 'sha256')
  const incoming = join(dataDir, 'blobs', 'incoming')
  const ready = mkdir(incoming, { recursive: true })
  const pathOf = (digest: string) => join(root, digest.slice(0, 2), digest.slice(2))
  const notFound = (digest: string) => new HaganeError('not_found', `no content with digest ${digest}`)

  const keep = async (temporary: string, digest: string): Promise<void> => {
    await mkdir(dirname(pathOf(digest)), { recursive: true })
    await rename(temporary, pathOf(digest))
  }
  const has = (digest: string) =>
    access(pathOf(digest)).then(
      () => true,
      () => false,
    )
  const putBytes = async (bytes: Uint8Array, expected?: string): Promise<StoredBlob> => {
    const digest = createHash('sha256').update(bytes).digest('hex')
    refuseOther(digest, expected)
    if (await has(digest)) return { digest, size: bytes.byteLength }
    await ready
    const temporary = join(incoming, newHexId())
    const file = await open(temporary, 'wx', 0o444)
    try {
      await file.writeFile(bytes)
      await file.datasync()
    } finally {
      await file.close()
    }
    await keep(temporary, digest)
    return { digest, size: bytes.byteLength }
  }
  const putStream = async (source: Readable, expected?: string): Promise<StoredBlob> => {
    await ready
    const temporary = join(incoming, newHexId())
    const hash = createHash('sha256')
    let size = 0
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk)
        size += chunk.length
        done(null, chunk)
      },
    })
    try {
      await pipeline(source, meter, createWriteStream(temporary, { flags: 'wx', mode: 0o444, flush: true }))
      const digest = hash.digest('hex')
      refuseOther(digest, expected)
      if (!(await has(digest))) await keep(temporary, digest)
      return { digest, size }
    } finally {
      await rm(temporary, { force: true })
    }
  }

  const store: BlobStore = {
    put: (source, expected) =>
      source instanceof Uint8Array ? putBytes(source, expected) : putStream(source, expected),
    async putFile(path) {
      const { size } = await stat(path)
      return size <= SMALL ? putBytes(await readFile(path)) : putStream(createReadStream(path))
    },
    has,
    size: digest =>
      stat(pathOf(digest)).then(
        info => info.size,
        () => Promise.reject(notFound(digest)),
      ),
    open: (digest, range) => createReadStream(pathOf(digest), range),
    pathOf,
    readAll: digest => readFile(pathOf(digest)).catch(() => Promise.reject(notFound(digest))),
    async putTree(entries) {
      const text = encodeTree(entries)
      await refuseUnstored(entries, digest =>
        stat(pathOf(digest)).then(
          info => info.size,
          () => undefined,
        ),
      )
      const { digest } = await putBytes(Buffer.from(text))
      return { digest, size: sizeOf(entries), fileCount: entries.length }
    },
    async putFolder(path) {
      return store.putTree(await folderEntries(path, file => store.putFile(file)))
    },
    getTree: async digest => parseTree((await store.readAll(digest)).toString('utf8'), digest),
    materialize: digest => materializeTree(dataDir, digest, store, pathOf),
    async verify(digest) {
      const hash = createHash('sha256')
      for await (const chunk of store.open(digest)) hash.update(chunk as Buffer)
      return hash.digest('hex') === digest
    },
  }
  return store
}

function refuseOther(digest: string, expected: string | undefined): void {
  if (expected !== undefined && digest !== expected)
    throw new HaganeError('invalid', `the bytes have SHA-256 ${digest}, not ${expected}`, {
      hint: 'the file changed while it was sent, or the transfer was cut: send it again',
    })
}

type Sizes = (digest: string) => Promise<number | undefined>

/** Throws invalid when a blob of a tree is not stored, or has another size than the tree says. */
async function refuseUnstored(entries: readonly TreeEntry[], sizeOfBlob: Sizes): Promise<void> {
  const sizes = new Map<string, number | undefined>()
  const unique = [...new Set(entries.map(entry => entry.digest))]
  for (let i = 0; i < unique.length; i += 64)
    await Promise.all(unique.slice(i, i + 64).map(async digest => sizes.set(digest, await sizeOfBlob(digest))))
  const missing = unique.filter(digest => sizes.get(digest) === undefined)
  if (missing.length > 0)
    throw new HaganeError(
      'invalid',
      `${missing.length} blobs of this tree are not stored, the first is ${missing[0]}`,
      { hint: 'ask /api/v1/blobs/missing and put those first' },
    )
  const wrong = entries.find(entry => sizes.get(entry.digest) !== entry.size)
  if (wrong !== undefined)
    throw new HaganeError(
      'invalid',
      `${JSON.stringify(wrong.path)} has ${sizes.get(wrong.digest)} bytes, the tree says ${wrong.size}`,
      { hint: 'the file changed while it was sent: take its size and digest again' },
    )
}
