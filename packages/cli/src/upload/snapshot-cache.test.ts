import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { contractServer } from '../testing/contract-server.ts'
import { folderWith } from '../testing/files.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { collector, newFolder, surroundingsOf } from '../testing/run-cli.ts'
import { uploadTree } from './upload-tree.ts'

const manyFiles = () =>
  folderWith(Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`d${i % 3}/f${i}`, `text ${i}`])))

interface Trial {
  readonly folder: string
  readonly cache: string
  readonly store: MemoryStore
  /** Uploads the folder; the tree, and the requests it took. */
  upload(): Promise<{ uri: string; requests: string[] }>
  forget(): void
}

async function withCache(work: (trial: Trial) => Promise<void>): Promise<void> {
  const store = new MemoryStore()
  await using server = await contractServer(...store.routes)
  const client = createClient({ url: server.url })
  const [folder, cache] = [manyFiles(), newFolder()]
  const surroundings = surroundingsOf({ env: { XDG_CACHE_HOME: cache } }, collector(), collector())
  await sleep(2050) // files that were touched just now are not believed
  await work({
    folder,
    cache: join(cache, 'hagane', 'snapshots'),
    store,
    async upload() {
      const before = server.requests.length
      const uri = await uploadTree({ client, surroundings, quiet: true }, { path: folder, kind: 'data' })
      return { uri, requests: server.requests.slice(before).map(request => request.replace(/[0-9a-f]{64}/, '…')) }
    },
    forget: () => store.blobs.clear(),
  })
}

describe('a folder that was uploaded before', () => {
  it('is one question to the server when nothing was touched', async () => {
    await withCache(async ({ upload }) => {
      const first = await upload()
      expect(first.requests).toContain('POST /api/v1/blobs/pack')
      const again = await upload()
      expect(again).toEqual({ uri: first.uri, requests: ['GET /api/v1/trees/…/summary'] })
    })
  })

  it('is sent again when the server lost it', async () => {
    await withCache(async ({ upload, forget, store }) => {
      const { uri } = await upload()
      forget()
      expect((await upload()).uri).toBe(uri)
      expect(Object.keys(store.filesAt(uri))).toHaveLength(150)
    })
  })

  it('is read where it was touched, added to or taken from', async () => {
    await withCache(async ({ folder, upload, store }) => {
      await upload()
      writeFileSync(join(folder, 'd0/f0'), 'other')
      writeFileSync(join(folder, 'd0/new'), 'new')
      rmSync(join(folder, 'd1/f1'))
      const puts: string[] = []
      store.onPut = digest => void puts.push(digest)
      const files = store.filesAt((await upload()).uri)
      expect(files).toMatchObject({ 'd0/f0': 'other', 'd0/new': 'new', 'd0/f3': 'text 3' })
      expect(files).not.toHaveProperty('d1/f1')
      expect(puts).toHaveLength(2)
    })
  })

  it('is not believed when size and modification time are those of before', async () => {
    await withCache(async ({ folder, upload, store }) => {
      const file = join(folder, 'd0/f0')
      const { atime, mtime } = statSync(file)
      await upload()
      writeFileSync(file, 'TEXT 0')
      utimesSync(file, atime, mtime)
      expect(store.filesAt((await upload()).uri)['d0/f0']).toBe('TEXT 0')
    })
  })

  it('whose files were touched a moment before is read again, as a clock tick may hide a change', async () => {
    await withCache(async ({ folder, upload }) => {
      writeFileSync(join(folder, 'd0/f0'), 'fresh')
      const { uri } = await upload()
      const again = await upload()
      expect(again.uri).toBe(uri)
      expect(again.requests).toContain('POST /api/v1/trees')
    })
  })

  it.each([
    ['cut', (file: string) => truncateSync(file, statSync(file).size - 10)],
    ['damaged', (file: string) => appendFileSync(file, 'x')],
    ['no cache', (file: string) => writeFileSync(file, 'nonsense')],
    ['empty', (file: string) => writeFileSync(file, '')],
  ])('is uploaded as ever when what is remembered is %s', async (_, damage) => {
    await withCache(async ({ folder, cache, upload, store }) => {
      await upload()
      const file = join(cache, readdirSync(cache)[0] ?? '')
      damage(file)
      writeFileSync(join(folder, 'd0/f0'), 'other')
      expect(store.filesAt((await upload()).uri)).toMatchObject({ 'd0/f0': 'other', 'd0/f3': 'text 3' })
      expect(readFileSync(file, 'utf8')).toContain('hagane-snapshot-1')
    })
  })
})
