import { randomBytes } from 'node:crypto'
import { appendFileSync, chmodSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@hagane/contract'
import { expect, it } from 'vitest'
import { contractServer } from '../testing/contract-server.ts'
import { folderWith } from '../testing/files.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { collector, newFolder, surroundingsOf } from '../testing/run-cli.ts'
import { uploadTree } from './upload-tree.ts'

interface Trial {
  readonly store: MemoryStore
  upload(path: string): Promise<string>
  /** Bytes that were sent since the last call. */
  sent(): number
}

async function withServer(work: (trial: Trial) => Promise<void>): Promise<void> {
  const store = new MemoryStore()
  await using server = await contractServer(...store.routes)
  const client = createClient({ url: server.url })
  const surroundings = surroundingsOf({}, collector(), collector())
  let known = new Set<string>()
  await work({
    store,
    upload: path => uploadTree({ client, surroundings, quiet: true }, { path, kind: 'data' }),
    sent() {
      const fresh = [...store.blobs].filter(([digest]) => !known.has(digest))
      known = new Set(store.blobs.keys())
      return fresh.reduce((sum, [, bytes]) => sum + bytes.length, 0)
    },
  })
}

const bytesAt = (store: MemoryStore, uri: string) => store.blobs.get(store.entriesOf(uri.slice(-64))[0]?.digest ?? '')

it('of a large file in which one byte changed only the chunks around it are sent', async () => {
  const bytes = randomBytes(6_000_000)
  const folder = newFolder()
  const file = join(folder, 'large.bin')
  writeFileSync(file, bytes)
  await withServer(async ({ store, upload, sent }) => {
    expect(Buffer.from(bytesAt(store, await upload(folder)) ?? []).equals(bytes)).toBe(true)
    sent()
    writeSync(openSync(file, 'r+'), Buffer.from([(bytes[3_000_000] ?? 0) ^ 1]), 0, 1, 3_000_000)
    const uri = await upload(folder)
    expect(bytesAt(store, uri)?.[3_000_000]).toBe((bytes[3_000_000] ?? 0) ^ 1)
    // the memory store holds the whole anew; what was sent is the rest
    expect(sent() - bytes.length).toBeLessThan(1_500_000)
  })
})

it('an upload of a large file that failed goes on behind what arrived', async () => {
  const folder = newFolder()
  writeFileSync(join(folder, 'large.bin'), randomBytes(6_000_000))
  await withServer(async ({ store, upload, sent }) => {
    let puts = 0
    store.onPut = () => {
      puts += 1
      if (puts === 20) throw new Error('out of order')
    }
    await expect(upload(folder)).rejects.toThrow('out of order')
    const first = sent()
    expect(first).toBeGreaterThan(1_000_000)
    await upload(folder)
    expect(sent() - 6_000_000).toBeLessThan(6_000_000 - first + 10_000)
  })
})

it('a file that grows past the size of small ones while it is read is sent as a large one', async () => {
  const folder = folderWith({ a: 'a', b: 'b' })
  await withServer(async ({ store, upload }) => {
    const large = 'x'.repeat(3_000_000)
    store.onPut = () => {
      store.onPut = () => undefined
      writeFileSync(join(folder, 'b'), large)
    }
    expect(store.filesAt(await upload(folder)).b).toBe(large)
  })
})

it('a large file that goes on changing is refused by name', async () => {
  const folder = newFolder()
  const file = join(folder, 'large.bin')
  writeFileSync(file, randomBytes(3_000_000))
  await withServer(async ({ store, upload }) => {
    store.onPut = () => appendFileSync(file, 'more')
    await expect(upload(folder)).rejects.toThrow(/large\.bin changes while it is read/)
  })
})

it.skipIf(process.getuid?.() === 0)('a file that may not be read is named', async () => {
  const folder = folderWith({ secret: 'x' })
  chmodSync(join(folder, 'secret'), 0)
  await withServer(async ({ upload }) => {
    await expect(upload(folder)).rejects.toThrow(/secret may not be read/)
  })
})
