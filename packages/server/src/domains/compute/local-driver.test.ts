import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { StepPlan } from '@hagane/runner'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BlobStore, openFileStore } from '../../kernel/blobs/index.ts'
import type { ComputeDriver } from './driver.ts'
import { buildLocalDriver } from './local-driver.ts'

describe('the local driver on the server’s own content store', () => {
  let dir = ''
  let blobs: BlobStore
  let driver: ComputeDriver
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hagane-driver-'))
    blobs = openFileStore(dir)
    driver = buildLocalDriver(blobs)
  })
  afterEach(async () => {
    await blobs.close()
    await rm(dir, { recursive: true, force: true })
  })

  const treeOf = async (files: Record<string, string>) => {
    const entries = Object.entries(files).map(async ([path, text]) => ({
      path,
      ...(await blobs.put(Buffer.from(text))),
    }))
    return (await blobs.putTree(await Promise.all(entries))).digest
  }
  const run = async (attempt: string, more: Partial<StepPlan>) => {
    const folder = join(dir, 'jobs', 'j', attempt)
    const plan = { name: 'j', folder, render: () => 'true', inputs: [], outputs: [], environment: {}, ...more }
    const exit = await (await driver.start(plan)).exit
    return { folder, exit }
  }

  it('runs code on inputs and stores outputs that the next step reads', async () => {
    const tree = await treeOf({ 'src/double.sh': 'sed "s/.*/& &/" "$1"/words.txt > "$2"/words.txt\n' })
    let digest = await treeOf({ 'data/words.txt': 'steel\n' })
    let path = 'data'
    for (const attempt of ['1', '2']) {
      const { folder, exit } = await run(attempt, {
        code: { tree, path: 'src' },
        inputs: [{ name: 'in', source: { kind: 'tree', digest, path }, mode: 'ro_mount' }],
        outputs: [{ name: 'out', kind: 'folder' }],
        render: ({ inputs, outputs }) => `sh double.sh ${inputs.in} ${outputs.out}; echo done`,
      })
      expect(exit.code).toBe(0)
      const { outputs, artifacts } = await driver.collect(folder)
      expect((await blobs.getTree(artifacts?.digest ?? '')).entries).toHaveLength(1)
      digest = outputs.out?.digest ?? ''
      path = ''
    }
    const [entry] = (await blobs.getTree(digest)).entries
    expect(entry?.path).toBe('words.txt')
    expect(await blobs.readAll(entry?.digest ?? '')).toEqual(Buffer.from('steel steel steel steel\n'))
  })

  it('gives the command its own copy of the code: the stored one does not change with it', async () => {
    const tree = await treeOf({ 'a.txt': 'stored' })
    await run('1', { code: { tree, path: '' }, render: () => 'echo changed > a.txt' })
    const [entry] = (await blobs.getTree(tree)).entries
    expect(await blobs.verify(entry?.digest ?? '')).toBe(true)
  })

  it('tells how a failed step ended and what it said last, and removes what it left', async () => {
    const { folder, exit } = await run('1', { render: () => 'echo why; exit 4' })
    expect(exit).toMatchObject({ code: 4, reason: 'exited' })
    expect(await driver.tail(folder, 5)).toEqual(['why'])
    await driver.clean(folder)
    expect(await driver.adopt(folder)).toEqual({ state: 'exited', exit })
    expect((await driver.readLog(folder, 0, 100)).bytes.toString()).toBe('why\n')
  })

  it('refuses a file that is no blob any more', async () => {
    // as older data folders keep it: one file for each blob
    const digest = createHash('sha256').update('text').digest('hex')
    const path = join(dir, 'blobs', 'sha256', digest.slice(0, 2), digest.slice(2))
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, 'text')
    const tree = (await blobs.putTree([{ path: 'a.txt', digest, size: 4 }])).digest
    await rm(path)
    await expect(run('1', { code: { tree, path: '' } })).rejects.toMatchObject({ kind: 'unavailable' })
    await writeFile(path, 'tex')
    await expect(run('2', { code: { tree, path: '' } })).rejects.toThrow('3 of 4 bytes')
  })
})
