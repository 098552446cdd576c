import { createHash, randomBytes } from 'node:crypto'
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BlobStore, openFileStore } from './index.ts'

const sha = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const frame = (bytes: Buffer, digest = sha(bytes)): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([Buffer.from(digest, 'hex'), length, bytes])
}

let dir: string
let blobs: BlobStore
const packFolder = () => join(dir, 'blobs', 'packs')
const packSizes = () =>
  readdirSync(packFolder()).reduce((sum, name) => sum + statSync(join(packFolder(), name)).size, 0)
const reopen = async () => {
  await blobs.close()
  blobs = openFileStore(dir)
}
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hagane-packs-'))
  blobs = openFileStore(dir)
})
afterEach(async () => {
  await blobs.close()
  await rm(dir, { recursive: true, force: true })
})

describe('a pack of small blobs', () => {
  const texts = ['one', 'two', '', 'three'].map(text => Buffer.from(text))
  it('is stored as blobs, each once, in one file', async () => {
    const pack = Buffer.concat(texts.map(text => frame(text)))
    expect(await blobs.putPack(pack)).toEqual({ blobs: 4 })
    const size = packSizes()
    await blobs.putPack(pack)
    expect(packSizes()).toBe(size)
    await blobs.putPack(Buffer.concat([pack, frame(Buffer.from('four'))]))
    expect(packSizes() - size).toBeLessThan(50)
    for (const text of texts) expect(await blobs.readAll(sha(text))).toEqual(text)
    expect(readdirSync(packFolder())).toHaveLength(1)
  })
  it('with other bytes than it says, or cut, keeps nothing of it', async () => {
    const [one, two] = [frame(Buffer.from('one')), frame(Buffer.from('two'), sha('other'))]
    await expect(blobs.putPack(Buffer.concat([one, two]))).rejects.toMatchObject({ kind: 'invalid' })
    await expect(blobs.putPack(Buffer.concat([one, one.subarray(0, 38)]))).rejects.toThrow(/ends inside the blob/)
    await expect(blobs.putPack(one.subarray(0, 20))).rejects.toThrow(/ends inside the blob/)
    const huge = Buffer.alloc(36)
    huge.writeUInt32BE(2 ** 31, 32)
    await expect(blobs.putPack(huge)).rejects.toThrow(/says it has 2147483648 bytes/)
    expect(await blobs.missing([sha('one'), sha('other')])).toHaveLength(2)
  })
  it('may be put by many at once', async () => {
    const packs = Array.from({ length: 20 }, (_, i) =>
      Buffer.concat([...texts, Buffer.from(`own ${i}`)].map(text => frame(text))),
    )
    await Promise.all(packs.map(pack => blobs.putPack(pack)))
    for (let i = 0; i < 20; i += 1) expect((await blobs.readAll(sha(`own ${i}`))).toString()).toBe(`own ${i}`)
    expect((await blobs.readAll(sha('three'))).toString()).toBe('three')
  })
})

describe('large content', () => {
  const large = randomBytes(9_000_000)
  it('is whole again, in any range, whether it came as bytes, as a stream or as a file', async () => {
    const file = join(dir, 'large.bin')
    writeFileSync(file, large)
    const stored = { digest: sha(large), size: large.length }
    expect(await blobs.putFile(file)).toEqual(stored)
    const size = packSizes()
    expect(await blobs.put(large)).toEqual(stored)
    expect(await blobs.put(Readable.from([large.subarray(0, 5), large.subarray(5)]), stored.digest)).toEqual(stored)
    expect(packSizes()).toBe(size)
    expect((await blobs.readAll(stored.digest)).equals(large)).toBe(true)
    expect(await blobs.verify(stored.digest)).toBe(true)
    for (const [start, end] of [
      [0, 0],
      [1_048_575, 4_000_000],
      [8_999_999, 8_999_999],
    ] as const)
      expect((await buffer(blobs.open(stored.digest, { start, end }))).equals(large.subarray(start, end + 1))).toBe(
        true,
      )
    const copy = join(dir, 'copy.bin')
    expect(await blobs.copyTo(stored.digest, copy)).toBe(large.length)
    expect(readFileSync(copy).equals(large)).toBe(true)
  })
  it('with one other byte stores less than a megabyte more', async () => {
    await blobs.put(large)
    const size = packSizes()
    const other = Buffer.from(large)
    other[4_500_000] = (other[4_500_000] ?? 0) ^ 1
    const { digest } = await blobs.put(other)
    expect(packSizes() - size).toBeLessThan(1_000_000)
    expect(await blobs.verify(digest)).toBe(true)
  })
  it('that is not what it was said to be gets no name', async () => {
    await expect(blobs.put(Readable.from([large]), sha('other'))).rejects.toMatchObject({ kind: 'invalid' })
    expect(await blobs.missing([sha('other'), sha(large)])).toHaveLength(2)
    expect(readdirSync(join(dir, 'blobs', 'incoming'))).toEqual([])
  })
  it('that cannot be read tells so, and the next is stored', async () => {
    await expect(blobs.putFile(join(dir, 'nowhere'))).rejects.toMatchObject({ code: 'ENOENT' })
    const files = Array.from({ length: 5 }, (_, i) => join(dir, `f${i}`))
    files.forEach(
      (file, i) => void writeFileSync(file, Buffer.concat([large.subarray(0, 2_000_000), Buffer.from([i])])),
    )
    const stored = await Promise.all(files.map(file => blobs.putFile(file)))
    for (const { digest } of stored) expect(await blobs.verify(digest)).toBe(true)
  })
})

describe('a blob composed of parts', () => {
  const parts = ['steel ', 'and ', 'steel '].map(text => ({ digest: sha(text), size: text.length }))
  it('is the parts in their order', async () => {
    await Promise.all(['steel ', 'and '].map(text => blobs.put(Buffer.from(text))))
    const whole = sha('steel and steel ')
    expect(await blobs.compose(whole, parts)).toEqual({ digest: whole, size: 16 })
    expect((await blobs.readAll(whole)).toString()).toBe('steel and steel ')
    await reopen()
    expect((await buffer(blobs.open(whole, { start: 5, end: 10 }))).toString()).toBe(' and s')
  })
  it('is refused when a part is missing, has another size, or the whole another digest', async () => {
    await blobs.put(Buffer.from('steel '))
    await expect(blobs.compose(sha('steel and steel '), parts)).rejects.toThrow(/1 blobs of this blob are not stored/)
    await blobs.put(Buffer.from('and '))
    const wrong = parts.map(part => ({ ...part, size: 5 }))
    await expect(blobs.compose(sha('steel and steel '), wrong)).rejects.toThrow('part 0 has 6 bytes')
    await expect(blobs.compose(sha('other'), parts)).rejects.toMatchObject({ kind: 'invalid' })
    expect(await blobs.has(sha('other'))).toBe(false)
  })
})

describe('after a crash', () => {
  const large = randomBytes(3_000_000)
  it('what packs hold is found again without the index, whole blobs only', async () => {
    const small = await blobs.put(Buffer.from('small'))
    const { digest } = await blobs.put(large)
    await blobs.close()
    for (const name of ['index.db', 'index.db-wal', 'index.db-shm']) rmSync(join(dir, 'blobs', name), { force: true })
    const [name] = readdirSync(packFolder())
    appendFileSync(join(packFolder(), name ?? ''), frame(Buffer.from('cut')).subarray(0, 30))
    blobs = openFileStore(dir)
    expect(await blobs.verify(digest)).toBe(true)
    expect((await blobs.readAll(small.digest)).toString()).toBe('small')
    await blobs.put(Buffer.from('later'))
    await reopen()
    expect((await blobs.readAll(sha('later'))).toString()).toBe('later')
  })
  it('a record that is not whole is not there', async () => {
    await blobs.put(Buffer.from('first'))
    await blobs.put(Buffer.from('second'))
    await blobs.close()
    for (const name of ['index.db', 'index.db-wal', 'index.db-shm']) rmSync(join(dir, 'blobs', name), { force: true })
    const pack = join(packFolder(), readdirSync(packFolder())[0] ?? '')
    truncateSync(pack, statSync(pack).size - 1)
    blobs = openFileStore(dir)
    expect(await blobs.missing([sha('first'), sha('second')])).toEqual([sha('second')])
    await blobs.put(Buffer.from('second'))
    expect((await blobs.readAll(sha('second'))).toString()).toBe('second')
  })
  it('files of a half upload are gone', async () => {
    await blobs.close()
    mkdirSync(join(dir, 'blobs', 'incoming'), { recursive: true })
    writeFileSync(join(dir, 'blobs', 'incoming', 'half'), 'x')
    blobs = openFileStore(dir)
    expect(() => readdirSync(join(dir, 'blobs', 'incoming'))).toThrow('ENOENT')
  })
})

describe('a data folder from before packs', () => {
  it('opens: its blobs are read, measured, copied, laid out in trees, and not stored again', async () => {
    const path = join(dir, 'blobs', 'sha256', sha('old').slice(0, 2), sha('old').slice(2))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, 'old')
    expect(await blobs.missing([sha('old')])).toEqual([])
    await blobs.put(Buffer.from('old'))
    expect(await blobs.size(sha('old'))).toBe(3)
    expect((await buffer(blobs.open(sha('old'), { start: 1, end: 2 }))).toString()).toBe('ld')
    const tree = await blobs.putTree([{ path: 'a/old.txt', digest: sha('old'), size: 3 }])
    expect(readFileSync(join(await blobs.materialize(tree.digest), 'a/old.txt'), 'utf8')).toBe('old')
    const joined = sha('oldold')
    await blobs.compose(
      joined,
      [1, 2].map(() => ({ digest: sha('old'), size: 3 })),
    )
    expect((await blobs.readAll(joined)).toString()).toBe('oldold')
  })
})

it('a tree is summed up without reading it, and only when its blobs are there', async () => {
  const { digest } = await blobs.put(Buffer.from('x'))
  const tree = await blobs.putTree([{ path: 'x', digest, size: 1 }])
  expect(await blobs.treeSummary(tree.digest)).toEqual({ digest: tree.digest, size: 1, fileCount: 1 })
  const text = JSON.stringify({ entries: [{ digest: sha('gone'), path: 'y', size: 1 }] })
  const bare = await blobs.put(Buffer.from(text))
  await expect(blobs.treeSummary(bare.digest)).rejects.toThrow(/not stored/)
  await expect(blobs.treeSummary(digest)).rejects.toThrow(/is not a tree/)
})

it('a tree with more bytes than the disk has is not laid out', async () => {
  const chunk = Buffer.alloc(1_000_000)
  const { digest } = await blobs.put(chunk)
  const parts = Array.from({ length: 100 }, () => ({ digest, size: chunk.length }))
  const bomb = await blobs.compose(hashOfZeros(100), parts)
  const tree = await blobs.putTree(Array.from({ length: 20_000 }, (_, i) => ({ ...bomb, path: `g${i}` })))
  await expect(blobs.materialize(tree.digest)).rejects.toThrow(/do not fit on the disk/)
})

/** SHA-256 of so many megabytes of zeros. */
function hashOfZeros(megabytes: number): string {
  const hash = createHash('sha256')
  const zeros = Buffer.alloc(1_000_000)
  for (let i = 0; i < megabytes; i += 1) hash.update(zeros)
  return hash.digest('hex')
}
