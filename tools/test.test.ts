import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { plantedFolder } from './planted-tree.ts'

/** Runs `npm test` over planted test files with the real vitest; its last line and exit code. */
function closing(files: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv = {}) {
  const root = plantedFolder({
    'package.json': '{ "type": "module" }',
    'vitest.config.ts': "export default { test: { include: ['*.test.ts'], maxWorkers: 1 } }\n",
    ...files,
  })
  symlinkSync(join(dirname(import.meta.dirname), 'node_modules'), join(root, 'node_modules'))
  const script = join(import.meta.dirname, 'test.mjs')
  const { status, stdout } = spawnSync(process.execPath, [script, '--root', root], {
    encoding: 'utf8',
    cwd: root,
    env: { ...process.env, ...env },
  })
  const lines = stdout.trimEnd().split('\n')
  return { status, last: lines.at(-1), again: lines.filter(line => line.startsWith('passed only when tried again: ')) }
}

const head = "import { expect, test } from 'vitest'\n"
const pass = `${head}test('a', () => {})\ntest('b', () => {})\n`

test('the last line counts what passed', () => {
  const skipped = `${head}test.skipIf(true)('c', () => {})\n`
  expect(closing({ 'a.test.ts': pass, 'b.test.ts': skipped })).toMatchObject({ status: 0, last: '2 passed, 0 failed' })
})

test('a failing test, a file that does not load and an error outside of a test count one each', () => {
  const files = {
    'a.test.ts': pass,
    'b.test.ts': `${head}test('b', () => expect(1).toBe(2))\n`,
    'c.test.ts': "import './missing.ts'\n",
    'd.test.ts': `${head}test('d', async () => {\n  setTimeout(() => { throw new Error('late') }, 0)\n  await new Promise(done => setTimeout(done, 20))\n})\n`,
  }
  expect(closing(files)).toMatchObject({ status: 1, last: '3 passed, 3 failed' })
})

test('a test that passes only when tried again is named', () => {
  const file = `${head}let tries = 0\ntest('a', () => { tries += 1; expect(tries).toBe(2) })\n`
  const again = ['passed only when tried again: a.test.ts: a']
  expect(closing({ 'a.test.ts': file })).toEqual({ status: 0, last: '1 passed, 0 failed', again })
})

test('a run without any test fails', () => {
  expect(closing({})).toMatchObject({ status: 1, last: '0 passed, 1 failed' })
})

test('a vitest that dies fails the run', () => {
  const files = { 'a.test.ts': `${head}test('a', () => { process.kill(process.ppid, 'SIGKILL') })\n` }
  expect(closing(files)).toMatchObject({ status: 1, last: '0 passed, 1 failed' })
})

test('what a test leaves in the folder for temporary files is gone afterwards, read-only folders too', () => {
  const root = plantedFolder({})
  const note = JSON.stringify(join(root, 'note'))
  const leave = `import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
${head}test('a', () => {
  const left = mkdtempSync(tmpdir() + '/left-')
  writeFileSync(left + '/file', '')
  chmodSync(left, 0o555)
  writeFileSync(${note}, left)
})
`
  expect(closing({ 'a.test.ts': leave })).toMatchObject({ status: 0, last: '1 passed, 0 failed' })
  const left = readFileSync(join(root, 'note'), 'utf8')
  expect(left).toContain('left-')
  expect(existsSync(left)).toBe(false)
})

test('a tracking address in the shell of the developer does not reach the tests', () => {
  const files = { 'a.test.ts': `${head}test('a', () => expect(process.env.MLFLOW_TRACKING_URI).toBeUndefined())\n` }
  expect(closing(files, { MLFLOW_TRACKING_URI: 'http://127.0.0.1:7700' }).last).toBe('1 passed, 0 failed')
})
