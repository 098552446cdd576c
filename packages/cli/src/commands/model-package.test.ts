import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
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
})
