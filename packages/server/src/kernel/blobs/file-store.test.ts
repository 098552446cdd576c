import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BlobStore, openFileStore, subtree } from './index.ts'

const sha = (bytes: string) => createHash('sha256').update(bytes).digest('hex')

describe('file store', () => {
  let dir: string
  let blobs: BlobStore
  const leftovers = () => readdir(join(dir, 'blobs', 'incoming')).catch(() => [])
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hagane-blobs-'))
    blobs = openFileStore(dir)
  })
  afterEach(async () => {
    await blobs.close()
    await rm(dir, { recursive: true, force: true })
  })

  it('names content by its SHA-256 and keeps it once', async () => {
    const streamed = await blobs.put(Readable.from(['hel', 'lo']))
    const bytes = await blobs.put(Buffer.from('hello'))
    expect(streamed).toEqual({ digest: sha('hello'), size: 5 })
    expect(bytes).toEqual(streamed)
    expect(await text(blobs.open(streamed.digest, { start: 1, end: 3 }))).toBe('ell')
    expect(await blobs.verify(streamed.digest)).toBe(true)
  })

  it('keeps nothing of bytes that are not what they were said to be', async () => {
    await expect(blobs.put(Readable.from(['other']), sha('hello'))).rejects.toMatchObject({ kind: 'invalid' })
    expect(await blobs.has(sha('other'))).toBe(false)
    expect(await leftovers()).toEqual([])
  })

  it('keeps nothing of an upload that breaks off', async () => {
    const broken = Readable.from(
      (async function* () {
        yield 'half'.repeat(400_000)
        throw new Error('cut')
      })(),
    )
    await expect(blobs.put(broken)).rejects.toThrow('cut')
    expect(await leftovers()).toEqual([])
  })

  it('gives equal folders equal trees, whatever the order, and restores them', async () => {
    const folder = join(dir, 'in')
    await mkdir(join(folder, 'sub'), { recursive: true })
    await writeFile(join(folder, 'b.txt'), 'b')
    await writeFile(join(folder, 'sub', 'ä ö.txt'), '')
    await writeFile(join(folder, 'run.sh'), '#!/bin/sh\n')
    await chmod(join(folder, 'run.sh'), 0o755)
    const tree = await blobs.putFolder(folder)
    expect(tree).toMatchObject({ fileCount: 3, size: 11 })
    const { entries } = await blobs.getTree(tree.digest)
    expect((await blobs.putTree(entries.toReversed())).digest).toBe(tree.digest)
    expect(entries.find(entry => entry.path === 'run.sh')?.executable).toBe(true)
    expect(subtree({ entries }, 'sub').map(entry => entry.path)).toEqual(['ä ö.txt'])
    const restored = await blobs.materialize(tree.digest)
    expect(await readFile(join(restored, 'b.txt'), 'utf8')).toBe('b')
  })

  it('repairs a restored folder that somebody wrote into', async () => {
    const { digest } = await blobs.put(Buffer.from('good'))
    const tree = await blobs.putTree([{ path: 'f', digest, size: 4 }])
    const folder = await blobs.materialize(tree.digest)
    await chmod(join(folder, 'f'), 0o644)
    await writeFile(join(folder, 'f'), 'bad!')
    expect(await readFile(join(await blobs.materialize(tree.digest), 'f'), 'utf8')).toBe('good')
    expect(await blobs.verify(digest)).toBe(true)
  })

  it('takes a file that a job dropped into a restored folder out again', async () => {
    const { digest } = await blobs.put(Buffer.from('good'))
    const tree = await blobs.putTree([{ path: 'sub/f', digest, size: 4 }])
    const folder = await blobs.materialize(tree.digest)
    await writeFile(join(folder, 'sub', 'extra'), 'x')
    expect(await readdir(join(await blobs.materialize(tree.digest), 'sub'))).toEqual(['f'])
  })

  it.each(['../x', '/etc/passwd', 'a/../b', 'a//b', 'C:/x', 'a\\b', 'a\0b', '.', ''])(
    'refuses the tree path %j',
    async path => {
      const { digest } = await blobs.put(Buffer.from('x'))
      await expect(blobs.putTree([{ path, digest, size: 1 }])).rejects.toMatchObject({ kind: 'invalid' })
    },
  )

  it('refuses a tree whose blobs are not there, and one whose paths clash', async () => {
    await expect(blobs.putTree([{ path: 'a', digest: sha('nowhere'), size: 1 }])).rejects.toMatchObject({
      kind: 'invalid',
    })
    const { digest } = await blobs.put(Buffer.from('x'))
    await expect(
      blobs.putTree([
        { path: 'a', digest, size: 1 },
        { path: 'a/b', digest, size: 1 },
      ]),
    ).rejects.toMatchObject({ kind: 'invalid' })
  })

  it('refuses a folder whose symbolic link leads out of it', async () => {
    const folder = join(dir, 'in')
    await mkdir(folder)
    await symlink('/etc/hostname', join(folder, 'leak'))
    await expect(blobs.putFolder(folder)).rejects.toMatchObject({ kind: 'invalid' })
  })
})
