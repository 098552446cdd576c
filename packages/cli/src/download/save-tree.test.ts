import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@hagane/contract'
import { expect, it } from 'vitest'
import { contractServer } from '../testing/contract-server.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { collector, newFolder, surroundingsOf } from '../testing/run-cli.ts'
import { entriesBelow, saveTree } from './save-tree.ts'

async function save(store: MemoryStore, digest: string, path = '', folder = newFolder()) {
  await using server = await contractServer(...store.routes)
  const surroundings = surroundingsOf({}, collector(), collector())
  const download = { client: createClient({ url: server.url }), surroundings, quiet: true }
  return { count: await saveTree(download, digest, path, folder), folder }
}

it('writes every file, and makes executables executable', async () => {
  const store = new MemoryStore()
  const digest = store.putTree([
    { path: 'a/b.txt', digest: store.putText('b'), size: 1 },
    { path: 'run.sh', digest: store.putText('echo'), size: 4, executable: true },
    { path: 'empty', digest: store.putText(''), size: 0 },
  ])
  const { count, folder } = await save(store, digest)
  expect(count).toBe(3)
  expect(readFileSync(join(folder, 'a/b.txt'), 'utf8')).toBe('b')
  expect(statSync(join(folder, 'empty')).size).toBe(0)
  expect(statSync(join(folder, 'run.sh')).mode & 0o111).toBe(0o111)
  expect(readdirSync(folder).sort()).toEqual(['a', 'empty', 'run.sh'])
})

it('writes only what lies below a path', async () => {
  const store = new MemoryStore()
  const digest = store.putFiles({ 'model/MLmodel': 'm', 'model/data/x': 'x', 'models.txt': 'no' })
  const { folder } = await save(store, digest, 'model')
  expect(readdirSync(folder).sort()).toEqual(['MLmodel', 'data'])
  await expect(save(store, digest, 'nothing')).rejects.toThrow(/holds no 'nothing'/)
})

it('gives a single file its own name', () => {
  const entries = [{ path: 'out/score.csv', digest: 'd', size: 1 }]
  expect(entriesBelow(entries, 'out/score.csv')).toEqual([{ path: 'score.csv', digest: 'd', size: 1 }])
})

it('refuses content that does not fit its digest and leaves nothing behind', async () => {
  const store = new MemoryStore()
  const digest = store.putFiles({ a: 'right' })
  const blob = store.entriesOf(digest)[0]?.digest ?? ''
  store.blobs.set(blob, Buffer.from('wrong'))
  const folder = newFolder()
  await expect(save(store, digest, '', folder)).rejects.toThrow(/a arrived damaged/)
  expect(readdirSync(folder)).toEqual([])
})

it('does not write through a symbolic link that lies in the way', async () => {
  const store = new MemoryStore()
  const digest = store.putFiles({ 'link/evil.txt': 'x' })
  const folder = newFolder()
  const outside = newFolder()
  symlinkSync(outside, join(folder, 'link'))
  await expect(save(store, digest, '', folder)).rejects.toThrow(/link is in the way/)
  expect(readdirSync(outside)).toEqual([])
})

it('replaces a file that is a link instead of writing to what it points at', async () => {
  const store = new MemoryStore()
  const digest = store.putFiles({ 'a.txt': 'new' })
  const folder = newFolder()
  const outside = join(newFolder(), 'target')
  symlinkSync(outside, join(folder, 'a.txt'))
  await save(store, digest, '', folder)
  expect(existsSync(outside)).toBe(false)
  expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('new')
})

it('adds to a folder that is there already', async () => {
  const store = new MemoryStore()
  const folder = newFolder()
  mkdirSync(join(folder, 'a'))
  await save(store, store.putFiles({ 'a/x': '1' }), '', folder)
  expect(readFileSync(join(folder, 'a/x'), 'utf8')).toBe('1')
})
