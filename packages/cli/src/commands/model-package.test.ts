import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { blobRoutes, HaganeError, modelPackageRoutes } from '@hagane/contract'
import { beforeEach, describe, expect, it } from 'vitest'
import { bind } from '../testing/contract-server.ts'
import { folderWith, writeFiles } from '../testing/files.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { withRoutes } from '../testing/with-routes.ts'

const store = new MemoryStore()
const tree = store.putFiles({ 'weights.bin': 'w' })
const resolve = bind(modelPackageRoutes.resolve, () => ({
  state: 'ready' as const,
  model: { id: 'azureml:w:1', name: 'w', version: '1', type: 'custom_model', tree, path: 'weights.bin', is_file: true },
}))
const command = ['model', 'package', '-n', 'w', '--output-path', 'out', '--code', 'src', '--scoring-script']

let cwd: string
beforeEach(() => {
  cwd = folderWith({ 'src/score.py': 's', 'src/parts/a.py': 'a' })
})

describe('model package', () => {
  it('takes of the code what an upload takes', async () => {
    writeFiles(cwd, {
      'src/.amlignore': '*.log\n',
      'src/big.log': 'x',
      'src/__pycache__/score.pyc': 'x',
      'src/.git/HEAD': 'x',
    })
    await withRoutes(
      [resolve, ...store.routes],
      async run => {
        const { code, out } = await run(...command, './score.py')
        expect([code, JSON.parse(out).code]).toEqual([0, { path: 'code', scoring_script: 'score.py' }])
        expect(readdirSync(join(cwd, 'out/code'), { recursive: true }).sort()).toEqual([
          'parts',
          'parts/a.py',
          'score.py',
        ])
        const { files } = JSON.parse(readFileSync(join(cwd, 'out/hagane-package.json'), 'utf8'))
        expect(Object.keys(files)).toEqual(expect.arrayContaining(['code/score.py', 'model/weights.bin', 'serve.mjs']))
      },
      cwd,
    )
  })

  it('refuses what it cannot package before it asks the server', async () => {
    writeFiles(cwd, { file: 'x', 'full/a': 'x' })
    await withRoutes(
      [],
      async (run, requests) => {
        expect(await run(...command, 'scor.py')).toMatchObject({
          code: 2,
          err: /no 'scor.py' below --code src[\s\S]*did you mean score.py/,
        })
        expect(await run(...command, '../secret.py')).toMatchObject({ code: 2, err: /no '\.\.\/secret\.py' below/ })
        const into = (folder: string) => run(...command, 'score.py', '--output-path', folder)
        expect((await into('full')).err).toContain('is not empty: it holds a')
        expect((await into('file')).err).toMatch(/cannot be written to .*file: EEXIST/)
        symlinkSync('/etc', join(cwd, 'src/etc'))
        expect((await run(...command, 'score.py')).err).toContain('leads out of')
        expect(
          (
            await run(
              'model',
              'package',
              '-n',
              'w',
              '--output-path',
              'out',
              '--code',
              'nowhere',
              '--scoring-script',
              's.py',
            )
          ).err,
        ).toContain('no such file or folder: ')
        expect(await run('model', 'package', '-n', 'w', '--path', 'models:/w/1', '--output-path', 'out')).toMatchObject(
          { code: 2, err: /takes --name or --path, not both/ },
        )
        expect(requests).toEqual([])
      },
      cwd,
    )
  })

  it('that breaks off leaves the folder empty, so that it can be tried again', async () => {
    const broken = bind(blobRoutes.get, () => {
      throw new HaganeError('unavailable', 'the store is away')
    })
    await withRoutes(
      [resolve, broken, ...store.routes],
      async run => {
        expect((await run(...command, 'score.py')).err).toContain('the store is away')
        expect(readdirSync(join(cwd, 'out'))).toEqual([])
      },
      cwd,
    )
    await withRoutes(
      [resolve, ...store.routes],
      async run => {
        expect((await run(...command, 'score.py')).code).toBe(0)
        expect(existsSync(join(cwd, 'out/serve.sh'))).toBe(true)
      },
      cwd,
    )
  })

  it('of an ONNX file answers elsewhere as it would here, with no Python; its runtime is proved by digest too', async () => {
    const bytes = readFileSync(iris)
    const digest = hash('sha256', bytes)
    store.blobs.set(digest, bytes)
    const tree = store.putTree([{ path: 'iris.onnx', digest, size: bytes.length }])
    const model = {
      id: 'azureml:iris:1',
      name: 'iris',
      version: '1',
      type: 'custom_model',
      tree,
      path: 'iris.onnx',
      is_file: true,
    }
    const onnx = bind(modelPackageRoutes.resolve, () => ({ state: 'ready' as const, model }))
    await withRoutes(
      [onnx, ...store.routes],
      async run => expect((await run('model', 'package', '-n', 'iris', '--output-path', 'out')).code).toBe(0),
      cwd,
    )
    const out = join(cwd, 'out')
    const { files, model: packaged } = JSON.parse(readFileSync(join(out, 'hagane-package.json'), 'utf8'))
    expect(packaged).toMatchObject({ type: 'onnx', path: 'model/iris.onnx' })
    const library = `node_modules/onnxruntime-node/bin/napi-v6/${process.platform}/${process.arch}/onnxruntime_binding.node`
    expect(Object.keys(files)).toEqual(expect.arrayContaining(['onnx-process.mjs', library]))
    expect(readFileSync(join(out, 'Dockerfile'), 'utf8')).not.toMatch(/python/i)
    const rows = JSON.stringify({
      inputs: [
        [5.1, 3.5, 1.4, 0.2],
        [6.3, 3.3, 6, 2.5],
      ],
    })
    const here = await answerOf(spawn(process.execPath, [serveMain, iris, '--port', '0'], { env: {} }), rows)
    const elsewhere = await answerOf(
      spawn(join(out, 'serve.sh'), ['--port', '0'], { env: { NODE: process.execPath, PATH: withoutPython(cwd) } }),
      rows,
    )
    expect(elsewhere).toEqual(here)
    expect(elsewhere).toMatchObject({ predictions: { label: [0, 2] } })
    writeFiles(out, { 'onnx-process.mjs': '' })
    await expect(
      answerOf(spawn(join(out, 'serve.sh'), [], { env: { ...process.env, NODE: process.execPath } }), rows),
    ).rejects.toThrow('onnx-process.mjs of the package is another file')
  })

  it('of an ONNX model in a folder takes all of it, and its columns by name', async () => {
    const bytes = readFileSync(iris)
    const digest = hash('sha256', bytes)
    store.blobs.set(digest, bytes)
    const tree = store.putTree([
      { path: 'artifacts/net/model.onnx', digest, size: bytes.length },
      ...store.entriesOf(store.putFiles({ 'artifacts/net/MLmodel': 'flavors: {}' })),
    ])
    const columns = ['a', 'b', 'c', 'd'].map(name => ({ name, type: 'double', required: true }))
    const known = { id: 'azureml:net:1', name: 'net', version: '1', type: 'mlflow_model', tree, path: 'artifacts/net' }
    const model = { ...known, is_file: false, onnx: { file: 'model.onnx', columns } }
    const onnx = bind(modelPackageRoutes.resolve, () => ({ state: 'ready' as const, model }))
    await withRoutes(
      [onnx, ...store.routes],
      async run => expect((await run('model', 'package', '-n', 'net', '--output-path', 'out')).code).toBe(0),
      cwd,
    )
    expect(readdirSync(join(cwd, 'out/model/net')).sort()).toEqual(['MLmodel', 'model.onnx'])
    const records = JSON.stringify({ dataframe_records: [{ d: 0.2, c: 1.4, b: 3.5, a: 5.1 }] })
    const served = spawn(join(cwd, 'out/serve.sh'), ['--port', '0'], {
      env: { ...process.env, NODE: process.execPath },
    })
    expect(await answerOf(served, records)).toMatchObject({ predictions: [{ label: 0 }] })
  })
})

const iris = join(import.meta.dirname, '../../../gateway/fixtures/iris.onnx')
const serveMain = join(import.meta.dirname, '../../../serve/src/main.ts')

/** A PATH with what the start script runs, and no interpreter. */
function withoutPython(folder: string): string {
  mkdirSync(join(folder, 'bin'))
  symlinkSync(
    execFileSync('/bin/sh', ['-c', 'command -v dirname'], { encoding: 'utf8' }).trim(),
    join(folder, 'bin/dirname'),
  )
  return join(folder, 'bin')
}

/** Asks a program that serves, once it says where, and ends it. Throws what it printed where it does not serve. */
async function answerOf(child: ChildProcessWithoutNullStreams, body: string) {
  const ended = once(child, 'close')
  let printed = ''
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', chunk => {
        printed += chunk
        const found = /is served at (\S+) by/.exec(printed)?.[1]
        if (found !== undefined) resolve(found)
      })
    void ended.then(() => reject(new Error(printed)))
  })
  try {
    const headers = { 'content-type': 'application/json' }
    return await (await fetch(`${url}/invocations`, { method: 'POST', body, headers })).json()
  } finally {
    child.kill('SIGINT')
    await ended
  }
}
