import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStamp, largestChunk, localAccessDigits } from '@hagane/contract'
import { afterAll, describe, expect, it } from 'vitest'
import { openFileStore, openLocalAccess } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'hagane-local-files-'))
const store = openFileStore(join(folder, 'data'))
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

function offer(name: string, content: Uint8Array | string) {
  const path = join(folder, name)
  writeFileSync(path, content)
  const stat = statSync(path, { bigint: true })
  return { path, size: Number(stat.size), stamp: fileStamp(stat) }
}

describe('files of this machine', () => {
  it('are stored as if they had been sent, small and large', async () => {
    const contents = ['', 'a', 'a', new Uint8Array(largestChunk).fill(7), Buffer.alloc(3 * largestChunk, 'chunks')]
    const digests = await store.putLocal(contents.map((content, i) => offer(`file-${i}`, content)))
    for (const [i, content] of contents.entries()) {
      const { digest } = await store.put(Buffer.from(content))
      expect(digests[i]).toBe(digest)
      expect((await store.readAll(digest)).equals(Buffer.from(content))).toBe(true)
    }
  })

  it('that are not what was offered are left to the caller', async () => {
    const [kept, small, large] = [
      offer('kept', 'k'),
      offer('grown', 's'),
      offer('grown-large', Buffer.alloc(2 * largestChunk)),
    ]
    for (const { path } of [small, large]) appendFileSync(path, 'more')
    const gone = { ...kept, path: join(folder, 'gone') }
    const other = { ...kept, path: small.path }
    const target = { ...offer('target', 't'), path: join(folder, 'link') }
    symlinkSync(join(folder, 'kept'), target.path)
    expect(await store.putLocal([small, large, gone, other, target, { ...kept, path: folder }])).toEqual(
      Array(6).fill(null),
    )
    expect(await store.putLocal([kept])).toEqual([expect.any(String)])
  })
})

it('the key lies where only the owner may read it, is another at each start, and no other opens', () => {
  const access = openLocalAccess(folder)
  const key = readFileSync(access.file, 'utf8')
  expect(statSync(access.file).mode & 0o077).toBe(0)
  expect(() => access.check(key)).not.toThrow()
  for (const wrong of ['0'.repeat(localAccessDigits), key.slice(1), ''])
    expect(() => access.check(wrong)).toThrow('not the key')
  const next = openLocalAccess(folder)
  expect(() => next.check(key)).toThrow('not the key')
})
