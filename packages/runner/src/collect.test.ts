import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { collect, collectArtifacts, collectOutputs, type StepOutput, stage, start } from './index.ts'
import { freshFolder, freshStore, planOf } from './testing/steps.ts'

const model: StepOutput = { name: 'model', kind: 'folder' }
const report: StepOutput = { name: 'report', kind: 'file', fileName: 'r.csv' }

async function runAndCollect(outputs: StepOutput[], render: (path: (name: string) => string) => string) {
  const store = freshStore()
  const plan = planOf('', { outputs, render: paths => render(name => paths.outputs[name] ?? '') })
  await (await start(await stage(plan, store))).exit
  return { store, plan, collected: await collect(plan, store) }
}

/** A staged step whose one output was filled by `fill`, without running anything. */
async function filled(fill: (out: string, folder: string) => void) {
  const store = freshStore()
  const { folder, paths } = await stage(planOf('true', { outputs: [model] }), store)
  fill(paths.outputs.model ?? '', folder)
  return {
    store,
    folder,
    outputs: async () => store.read((await collectOutputs(folder, store)).outputs.model?.digest ?? ''),
  }
}

describe('outputs', () => {
  it('are stored as trees: folders whole, a file under its name', async () => {
    const { store, collected } = await runAndCollect(
      [model, report],
      path => `mkdir -p ${path('model')}/a/b; echo 1 > ${path('model')}/a/b/x; echo 22 > ${path('report')}`,
    )
    expect(collected.outputs.model).toMatchObject({ path: '', size: 2, fileCount: 1 })
    expect(collected.outputs.report).toMatchObject({ path: 'r.csv', size: 3, fileCount: 1 })
    expect(await store.read(collected.outputs.model?.digest ?? '')).toEqual({ 'a/b/x': '1\n' })
    expect(await store.read(collected.outputs.report?.digest ?? '')).toEqual({ 'r.csv': '22\n' })
    expect(collected.missing).toEqual([])
  })
  it('with equal content have equal digests, whatever the order of writing', async () => {
    const [one, two] = await Promise.all(
      ['echo 1 > a; echo 2 > b', 'echo 2 > b; echo 1 > a'].map(text =>
        runAndCollect([model], path => `cd ${path('model')}; ${text}`),
      ),
    )
    expect(one?.collected.outputs.model?.digest).toBe(two?.collected.outputs.model?.digest)
  })
  it('that were not written are missing; an empty folder is an empty tree', async () => {
    const { collected } = await runAndCollect([model, report], () => 'true')
    expect(collected.missing).toEqual(['report'])
    expect(collected.outputs.model).toMatchObject({ size: 0, fileCount: 0 })
  })
  it('take a folder where a file was declared, and a file where a folder was', async () => {
    const { store, collected } = await runAndCollect(
      [model, report],
      path =>
        `mkdir ${path('report')}; echo 1 > ${path('report')}/part-0; rmdir ${path('model')}; echo 2 > ${path('model')}`,
    )
    expect(collected.outputs.report?.path).toBe('')
    expect(await store.read(collected.outputs.report?.digest ?? '')).toEqual({ 'part-0': '1\n' })
    expect(collected.outputs.model?.path).toBe('model')
  })
  it('keep odd names, empty files and executable bits', async () => {
    const { outputs } = await filled(out => {
      for (const name of ['line\nbreak', '鋼 é 🙂.txt', '.hidden', 'empty', '-rf', 'a"b\'c'])
        writeFileSync(join(out, name), '')
      writeFileSync(join(out, 'run.sh'), 'x', { mode: 0o755 })
    })
    expect(Object.keys(await outputs()).sort()).toEqual(
      ['-rf', '.hidden', 'a"b\'c', 'empty', 'line\nbreak', 'run.sh*', '鋼 é 🙂.txt'].sort(),
    )
  })
  it('may be deep', async () => {
    const deep = Array.from({ length: 300 }, (_, i) => `d${i % 10}`).join('/')
    const { outputs } = await filled(out => {
      mkdirSync(join(out, deep), { recursive: true })
      writeFileSync(join(out, deep, 'f'), 'x')
    })
    expect(await outputs()).toEqual({ [`${deep}/f`]: 'x' })
  })
  it('follow links to what lies inside', async () => {
    const { outputs } = await filled(out => {
      mkdirSync(join(out, 'v1'))
      writeFileSync(join(out, 'v1', 'f'), 'x')
      symlinkSync('v1', join(out, 'latest'))
      symlinkSync(join(out, 'v1', 'f'), join(out, 'best'))
    })
    expect(await outputs()).toEqual({ 'v1/f': 'x', 'latest/f': 'x', best: 'x' })
  })
  it.each<[string, (out: string) => void, RegExp]>([
    [
      'a link to a file elsewhere',
      out => symlinkSync('/etc/passwd', join(out, 'x')),
      /model'.*x is a symbolic link that leads out/,
    ],
    ['a link to the folder above', out => symlinkSync('..', join(out, 'x')), /leads out/],
    ['a broken link', out => symlinkSync('nowhere', join(out, 'x')), /not there/],
    ['a cycle', out => symlinkSync('.', join(out, 'x')), /cycle/],
    ['a pipe', out => void execFileSync('mkfifo', [join(out, 'x')]), /neither a file nor a folder/],
    ['a backslash in a name', out => writeFileSync(join(out, 'a\\b'), ''), /backslash/],
    [
      'a name that is not UTF-8',
      out => writeFileSync(Buffer.concat([Buffer.from(`${out}/x`), Buffer.from([0xff])]), ''),
      /UTF-8/,
    ],
  ])('with %s are refused', async (_, fill, message) => {
    const { outputs } = await filled(fill)
    await expect(outputs()).rejects.toMatchObject({ kind: 'invalid', message: expect.stringMatching(message) })
  })
  it('that were replaced by a link are refused', async () => {
    const elsewhere = freshFolder()
    for (const outputs of [[model], [report]]) {
      const name = outputs[0]?.name ?? ''
      const work = runAndCollect(outputs, path => `rm -rf ${path(name)}; ln -s ${elsewhere} ${path(name)}`)
      await expect(work).rejects.toMatchObject({ kind: 'invalid', message: expect.stringContaining('symbolic link') })
    }
  })
  it('at a path of their own are collected from there', async () => {
    const path = join(freshFolder(), 'mine')
    const { store, collected } = await runAndCollect([{ ...model, path }], () => `echo 1 > ${path}/x`)
    expect(await store.read(collected.outputs.model?.digest ?? '')).toEqual({ x: '1\n' })
  })
})

describe('artifacts', () => {
  it('are ./outputs, ./logs and the log; other files of the working directory are lost', async () => {
    const { store, collected } = await runAndCollect(
      [],
      () => 'echo a > outputs/a; mkdir logs/x; echo b > logs/x/b; echo c > c; echo said',
    )
    expect(await store.read(collected.artifacts?.digest ?? '')).toEqual({
      'outputs/a': 'a\n',
      'logs/x/b': 'b\n',
      'user_logs/std_log.txt': 'said\n',
    })
    expect(collected.logSize).toBe(5)
  })
  it('of a step that never ran are none', async () => {
    const store = freshStore()
    const { folder } = await stage(planOf('true'), store)
    expect(await collectArtifacts(folder, store)).toBeUndefined()
  })
  it('are refused when ./outputs became something else', async () => {
    const work = runAndCollect([], () => 'rm -r outputs; ln -s /etc outputs')
    await expect(work).rejects.toMatchObject({ kind: 'invalid', message: expect.stringContaining('./outputs') })
  })
})

it('a folder without a step is not found', async () => {
  const store = freshStore()
  await expect(collect(freshFolder(), store)).rejects.toMatchObject({ kind: 'not_found' })
})

it('a file larger than any buffer is streamed into the store', async () => {
  const { outputs } = await filled(out => {
    for (let i = 0; i < 40; i++) appendFileSync(join(out, 'big'), Buffer.alloc(2 ** 17, i))
  })
  expect((await outputs()).big?.length).toBe(40 * 2 ** 17)
})
