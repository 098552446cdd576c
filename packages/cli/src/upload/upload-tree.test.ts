import { chmodSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient, HaganeError } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { contractServer } from '../testing/contract-server.ts'
import { folderWith } from '../testing/files.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { collector, newFolder, surroundingsOf } from '../testing/run-cli.ts'
import { type Content, uploadTree } from './upload-tree.ts'

async function withServer(work: (upload: (content: Content) => Promise<string>, store: MemoryStore) => Promise<void>) {
  const store = new MemoryStore()
  await using server = await contractServer(...store.routes)
  const client = createClient({ url: server.url })
  const surroundings = surroundingsOf({}, collector(), collector())
  await work(content => uploadTree({ client, surroundings, quiet: true }, content), store)
}

describe('uploading', () => {
  it('stores a folder as a tree, with executables marked', async () => {
    const folder = folderWith({ 'run.sh': 'echo', 'sub/a.txt': 'a' })
    chmodSync(join(folder, 'run.sh'), 0o755)
    await withServer(async (upload, store) => {
      const uri = await upload({ path: folder, kind: 'data' })
      expect(uri).toMatch(/^hagane:\/\/trees\/[0-9a-f]{64}$/)
      expect(store.filesAt(uri)).toEqual({ 'run.sh': 'echo', 'sub/a.txt': 'a' })
      expect(store.entriesOf(uri.slice(-64)).map(entry => entry.executable)).toEqual([true, undefined])
    })
  })

  it('stores one file as a tree of one entry and names the file', async () => {
    const folder = folderWith({ 'iris.csv': '1,2' })
    await withServer(async (upload, store) => {
      const uri = await upload({ path: join(folder, 'iris.csv'), kind: 'data' })
      expect(uri).toMatch(/^hagane:\/\/trees\/[0-9a-f]{64}\/iris\.csv$/)
      expect(store.filesAt(uri)).toEqual({ 'iris.csv': '1,2' })
    })
  })

  it('sends each content once, and nothing that is there already', async () => {
    const folder = folderWith({ a: 'same', b: 'same', c: 'other' })
    await withServer(async (upload, store) => {
      const puts: string[] = []
      store.onPut = digest => void puts.push(digest)
      const first = await upload({ path: folder, kind: 'data' })
      expect(puts).toHaveLength(2)
      expect(await upload({ path: folder, kind: 'data' })).toBe(first)
      expect(puts).toHaveLength(2)
    })
  })

  it('streams large files whole', async () => {
    const folder = folderWith({ 'big.bin': '0123456789abcdef'.repeat(200_000) })
    await withServer(async (upload, store) => {
      const uri = await upload({ path: folder, kind: 'data' })
      expect(store.filesAt(uri)['big.bin']).toHaveLength(3_200_000)
    })
  })

  it('puts included folders under their own names beside the code, and included files at the top', async () => {
    const folder = folderWith({ 'code/train.py': 't', 'lib/util.py': 'u', 'one.txt': '1' })
    const content = {
      path: join(folder, 'code'),
      kind: 'code',
      includes: [join(folder, 'lib'), join(folder, 'one.txt')],
    }
    await withServer(async (upload, store) => {
      const uri = await upload(content as Content)
      expect(store.filesAt(uri)).toEqual({ 'train.py': 't', 'lib/util.py': 'u', 'one.txt': '1' })
    })
  })

  it('refuses two files for one place', async () => {
    const folder = folderWith({ 'code/one.txt': 'x', 'one.txt': '1' })
    const content = { path: join(folder, 'code'), kind: 'code', includes: [join(folder, 'one.txt')] } as const
    await withServer(async upload => {
      await expect(upload(content)).rejects.toThrow(/would both become one\.txt/)
    })
  })

  it('refuses a folder without a file, and says where to look', async () => {
    await withServer(async upload => {
      await expect(upload({ path: newFolder(), kind: 'data' })).rejects.toThrow(/no file to upload/)
      const ignored = folderWith({ '.amlignore': '*', 'a.py': '' })
      await expect(upload({ path: ignored, kind: 'code' })).rejects.toMatchObject({ hint: /\.amlignore/ })
    })
  })
})

describe('a file that changes meanwhile', () => {
  it('is read again when it changed once', async () => {
    const folder = folderWith({ 'a.txt': 'before' })
    await withServer(async (upload, store) => {
      let changes = 0
      store.onPut = () => {
        if (changes === 0) writeFileSync(join(folder, 'a.txt'), 'after it')
        changes += 1
      }
      const uri = await upload({ path: folder, kind: 'data' })
      expect(store.filesAt(uri)).toEqual({ 'a.txt': 'after it' })
    })
  })

  it('is refused by name when it goes on changing', async () => {
    const folder = folderWith({ 'a.txt': 'before' })
    let content = 0
    await withServer(async (upload, store) => {
      store.onPut = () => {
        content += 1
        writeFileSync(join(folder, 'a.txt'), `change ${content}`)
      }
      await expect(upload({ path: folder, kind: 'data' })).rejects.toThrow(/a\.txt changes while it is read/)
    })
  })

  it('is noticed even when size and time are the same', async () => {
    const folder = folderWith({ 'a.txt': 'one' })
    const time = new Date(1_000_000)
    utimesSync(join(folder, 'a.txt'), time, time)
    await withServer(async (upload, store) => {
      let first = true
      store.onPut = () => {
        if (!first) return
        first = false
        rmSync(join(folder, 'a.txt'))
        writeFileSync(join(folder, 'a.txt'), 'two')
        utimesSync(join(folder, 'a.txt'), time, time)
      }
      expect(store.filesAt(await upload({ path: folder, kind: 'data' }))).toEqual({ 'a.txt': 'two' })
    })
  })
})

describe('a server that fails', () => {
  it('for a moment is asked again', async () => {
    await withServer(async (upload, store) => {
      let failures = 0
      store.onPut = () => {
        failures += 1
        if (failures === 1) throw new HaganeError('unavailable', 'busy')
      }
      expect(store.filesAt(await upload({ path: folderWith({ a: '1' }), kind: 'data' }))).toEqual({ a: '1' })
    })
  })

  it('for good stops the upload at once', async () => {
    const folder = folderWith(Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`f${index}`, `${index}`])))
    await withServer(async (upload, store) => {
      let puts = 0
      store.onPut = () => {
        puts += 1
        throw new HaganeError('forbidden', 'not you')
      }
      await expect(upload({ path: folder, kind: 'data' })).rejects.toThrow('not you')
      expect(puts).toBeLessThan(10)
    })
  })
})

it('a link out of the folder keeps the whole upload from starting', async () => {
  const folder = folderWith({ a: '1' })
  symlinkSync('/etc', join(folder, 'etc'))
  await withServer(async (upload, store) => {
    await expect(upload({ path: folder, kind: 'data' })).rejects.toThrow(/leads out/)
    expect(store.blobs.size).toBe(0)
  })
})
