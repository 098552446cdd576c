import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { freshFolder } from '../testing/steps.ts'
import { digestOf } from './digest-of.ts'
import { sharedFolderStore } from './shared-folder-store.ts'

it('a file is kept once, under the digest of its bytes', async () => {
  const [root, folder] = [freshFolder(), freshFolder()]
  const path = join(folder, 'a.txt')
  writeFileSync(path, 'ünï')
  const store = sharedFolderStore(root)
  const stored = await Promise.all([store.putFile(path), store.putFile(path)])
  expect(stored).toEqual([await digestOf(path), { digest: stored[0].digest, size: 5 }])
  expect(await text(store.openBlob(stored[0].digest))).toBe('ünï')
  expect(readdirSync(join(root, stored[0].digest.slice(0, 2)))).toEqual([stored[0].digest])
})

const another = '/proc/sys/kernel/random/uuid'
it.runIf(existsSync(another))(
  'a file that reads otherwise the second time is refused, and nothing of it stays',
  async () => {
    const root = freshFolder()
    await expect(sharedFolderStore(root).putFile(another)).rejects.toThrow(/changed while it was stored/)
    expect(readdirSync(root, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())).toEqual([])
  },
)
