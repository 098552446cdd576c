import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stage, start } from './index.ts'
import { freshFolder, freshStore, planOf } from './testing/steps.ts'

describe('code', () => {
  it('is copied into the working directory, writable, with executable bits', async () => {
    const store = freshStore()
    const tree = await store.tree({ 'train.py': 'print(1)', 'bin/run*': '#!/bin/sh\n', '.amlignore': 'x' })
    const { folder } = await stage(planOf('true', { code: { tree, path: '' } }), store)
    expect(readFileSync(join(folder, 'work', 'train.py'), 'utf8')).toBe('print(1)')
    expect(statSync(join(folder, 'work', 'train.py')).mode & 0o777).toBe(0o644)
    expect(statSync(join(folder, 'work', 'bin', 'run')).mode & 0o777).toBe(0o755)
  })
  it('may be a folder inside the tree, or one file', async () => {
    const store = freshStore()
    const tree = await store.tree({ 'src/a.py': 'a', 'src/lib/b.py': 'b', 'other.py': 'o' })
    const part = await stage(planOf('true', { code: { tree, path: 'src' } }), store)
    expect(readdirSync(join(part.folder, 'work')).sort()).toEqual(['a.py', 'lib', 'logs', 'outputs'])
    const file = await stage(planOf('true', { code: { tree, path: 'src/lib/b.py' } }), store)
    expect(readdirSync(join(file.folder, 'work')).sort()).toEqual(['b.py', 'logs', 'outputs'])
  })
  it('that brings its own outputs folder keeps it', async () => {
    const store = freshStore()
    const tree = await store.tree({ 'outputs/readme.md': 'hello' })
    const { folder } = await stage(planOf('true', { code: { tree, path: '' } }), store)
    expect(readdirSync(join(folder, 'work', 'outputs'))).toEqual(['readme.md'])
  })
  it('is streamed from a store without files', async () => {
    const store = freshStore(false)
    const tree = await store.tree({ 'empty.py': '', 'bin/run*': 'x' })
    const { folder } = await stage(planOf('true', { code: { tree, path: '' } }), store)
    expect(readFileSync(join(folder, 'work', 'empty.py'), 'utf8')).toBe('')
    expect(statSync(join(folder, 'work', 'bin', 'run')).mode & 0o777).toBe(0o755)
  })
  it('with a path that leaves the tree is refused', async () => {
    const store = freshStore()
    const { digest } = await store.putTree([{ path: '../evil', digest: '0'.repeat(64), size: 0 }])
    const plan = planOf('true', { code: { tree: digest, path: '' } })
    await expect(stage(plan, store)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('../evil'),
    })
  })
  it('that arrives cut is refused', async () => {
    const store = freshStore(false)
    const { digest } = await store.putTree([{ ...(await blobOf(store, 'abc')), path: 'a', size: 4 }])
    const plan = planOf('true', { code: { tree: digest, path: '' } })
    await expect(stage(plan, store)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('3 of 4'),
    })
  })
  it('whose content is missing names the file', async () => {
    for (const shared of [true, false]) {
      const store = freshStore(shared)
      const { digest } = await store.putTree([{ path: 'gone.py', digest: '1'.repeat(64), size: 1 }])
      const plan = planOf('true', { code: { tree: digest, path: '' } })
      await expect(stage(plan, store)).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining('gone.py'),
      })
    }
  })
})

const blobOf = async (store: ReturnType<typeof freshStore>, text: string) => {
  const file = join(freshFolder(), 'blob')
  writeFileSync(file, text)
  return await store.putFile(file)
}

describe('inputs', () => {
  it('of a tree are handed out as the shared read-only folder, a file with its own name', async () => {
    const store = freshStore()
    const digest = await store.tree({ 'data/iris.csv': '1,2', 'data/more.csv': '3' })
    const plan = planOf('true', {
      inputs: [
        { name: 'folder', source: { kind: 'tree', digest, path: 'data' }, mode: 'ro_mount' },
        { name: 'file', source: { kind: 'tree', digest, path: 'data/iris.csv' }, mode: 'download' },
      ],
    })
    const { paths, folder } = await stage(plan, store)
    expect(readdirSync(paths.inputs.folder ?? '').sort()).toEqual(['iris.csv', 'more.csv'])
    expect(basename(paths.inputs.file ?? '')).toBe('iris.csv')
    expect(paths.inputs.file?.startsWith(folder)).toBe(false)
  })
  it('that may be written are a private copy without anything else in it', async () => {
    const store = freshStore()
    const digest = await store.tree({ 'a.txt': 'old' })
    const plan = planOf('true', {
      inputs: [{ name: 'x', source: { kind: 'tree', digest, path: '' }, mode: 'rw_mount' }],
    })
    const { paths } = await stage(plan, store)
    const copy = paths.inputs.x ?? ''
    expect(readdirSync(copy)).toEqual(['a.txt'])
    writeFileSync(join(copy, 'a.txt'), 'new')
    expect(await store.read(digest)).toEqual({ 'a.txt': 'old' })
  })
  it('are copied where the store shares nothing', async () => {
    const store = freshStore(false)
    const digest = await store.tree({ 'd/a.txt': 'text' })
    const source = { kind: 'tree', digest, path: 'd/a.txt' } as const
    const { paths, folder } = await stage(planOf('true', { inputs: [{ name: 'x', source, mode: 'ro_mount' }] }), store)
    expect(paths.inputs.x).toBe(join(folder, 'inputs', 'x', 'a.txt'))
  })
  it('at a local path are passed on', async () => {
    const path = freshFolder()
    const inputs = [{ name: 'x', source: { kind: 'path', path }, mode: 'rw_mount' } as const]
    expect((await stage(planOf('true', { inputs }), freshStore())).paths.inputs.x).toBe(path)
  })
  it('that are not there are named', async () => {
    const store = freshStore()
    const digest = await store.tree({ 'a.txt': '' })
    for (const source of [
      { kind: 'tree', digest, path: 'nope' } as const,
      { kind: 'path', path: join(freshFolder(), 'nope') } as const,
    ]) {
      const plan = planOf('true', { inputs: [{ name: 'lost', source, mode: 'ro_mount' }] })
      await expect(stage(plan, store)).rejects.toMatchObject({
        kind: 'not_found',
        message: expect.stringContaining('inputs.lost'),
      })
    }
  })
  it('with a path or a name that leads elsewhere are refused', async () => {
    const store = freshStore()
    const digest = await store.tree({ 'a.txt': '' })
    const up = [{ name: 'x', source: { kind: 'tree', digest, path: '../x' }, mode: 'ro_mount' } as const]
    await expect(stage(planOf('true', { inputs: up }), store)).rejects.toMatchObject({ kind: 'invalid' })
    for (const name of ['../x', 'a/b', '', '..']) {
      const inputs = [{ name, source: { kind: 'tree', digest, path: '' }, mode: 'rw_mount' } as const]
      await expect(stage(planOf('true', { inputs }), store)).rejects.toMatchObject({ kind: 'invalid' })
    }
  })
})

describe('outputs', () => {
  it('are empty folders; of a file the parent is there and the file is not', async () => {
    const plan = planOf('true', {
      outputs: [
        { name: 'model', kind: 'folder' },
        { name: 'report', kind: 'file', fileName: 'report.csv' },
        { name: 'plain', kind: 'file' },
      ],
    })
    const { paths } = await stage(plan, freshStore())
    expect(readdirSync(paths.outputs.model ?? '')).toEqual([])
    expect(basename(paths.outputs.report ?? '')).toBe('report.csv')
    expect(readdirSync(join(paths.outputs.report ?? '', '..'))).toEqual([])
    expect(basename(paths.outputs.plain ?? '')).toBe('plain')
  })
  it('at a path of their own are made there, and what lies there stays', async () => {
    const target = freshFolder()
    mkdirSync(join(target, 'real'))
    writeFileSync(join(target, 'real', 'before.txt'), '')
    symlinkSync(join(target, 'real'), join(target, 'link'))
    const plan = planOf('true', {
      outputs: [
        { name: 'a', kind: 'folder', path: join(target, 'deep', 'a') },
        { name: 'b', kind: 'file', path: join(target, 'other', 'b.csv') },
        { name: 'c', kind: 'folder', path: join(target, 'link') },
      ],
    })
    const { paths } = await stage(plan, freshStore())
    expect(existsSync(join(target, 'deep', 'a'))).toBe(true)
    expect(readdirSync(join(target, 'other'))).toEqual([])
    expect(paths.outputs.c).toBe(join(target, 'real'))
    expect(readdirSync(join(target, 'real'))).toEqual(['before.txt'])
  })
})

describe('the folder', () => {
  it('holds the rendered command and a record without values of variables', async () => {
    const plan = planOf('', {
      render: paths => `cp x ${paths.outputs.o}`,
      outputs: [{ name: 'o', kind: 'folder' }],
      environment: { MLFLOW_TRACKING_TOKEN: 'very-secret' },
    })
    const { folder, command } = await stage(plan, freshStore())
    expect(command).toBe(`cp x ${join(folder, 'outputs-named', 'o')}`)
    expect(readFileSync(join(folder, 'run.sh'), 'utf8')).toBe(`${command}\n`)
    const record = readFileSync(join(folder, 'step.json'), 'utf8')
    expect(JSON.parse(record)).toMatchObject({ name: 'step', command, environment: ['MLFLOW_TRACKING_TOKEN'] })
    expect(record).not.toContain('very-secret')
    expect(statSync(folder).mode & 0o777).toBe(0o700)
  })
  it('that was half staged before a crash is staged afresh', async () => {
    const store = freshStore()
    const tree = await store.tree({ 'a.py': 'a' })
    const plan = planOf('true', { code: { tree, path: '' }, outputs: [{ name: 'o', kind: 'folder' }] })
    mkdirSync(join(plan.folder, 'work'), { recursive: true })
    mkdirSync(join(plan.folder, 'outputs-named', 'o'), { recursive: true })
    writeFileSync(join(plan.folder, 'work', 'a.py'), 'ha')
    writeFileSync(join(plan.folder, 'outputs-named', 'o', 'stale'), '')
    const { folder, paths } = await stage(plan, store)
    expect(readFileSync(join(folder, 'work', 'a.py'), 'utf8')).toBe('a')
    expect(readdirSync(paths.outputs.o ?? '')).toEqual([])
  })
  it('of a started step is left alone', async () => {
    const plan = planOf('true')
    const store = freshStore()
    await (await start(await stage(plan, store))).exit
    await expect(stage(plan, store)).rejects.toMatchObject({ kind: 'conflict' })
  })
  it('needs an absolute path and a command that a process can take', async () => {
    const store = freshStore()
    await expect(stage(planOf('true', { folder: 'jobs/1' }), store)).rejects.toMatchObject({ kind: 'invalid' })
    await expect(stage(planOf('x'.repeat(128 * 1024)), store)).rejects.toMatchObject({ kind: 'invalid' })
    await expect(stage(planOf('a\0b'), store)).rejects.toMatchObject({ kind: 'invalid' })
  })
})

it('notes stand in the log before the first line of the command, once, however often the step is staged', async () => {
  const store = freshStore()
  const plan = planOf('echo ran', { notes: ['python 3.8 was not there', '3.9 was taken'] })
  await stage(plan, store)
  const step = await start(await stage(plan, store))
  await step.exit
  expect(readFileSync(join(plan.folder, 'log.txt'), 'utf8')).toBe(
    'hagane: python 3.8 was not there\nhagane: 3.9 was taken\nran\n',
  )
})
