import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { plantedFolder } from './planted-tree.ts'

const own = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8')

/** Stands in for npm, whose real install takes half a minute: notes the call and lays down Node, as `npm ci` does. */
const npm = `
const { appendFileSync, mkdirSync, rmSync, symlinkSync } = require('node:fs')
appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n')
if (process.env.NPM_FAILS) { console.error('no such host'); process.exit(1) }
rmSync('node_modules', { recursive: true, force: true })
mkdirSync('node_modules/node/bin', { recursive: true })
if (!process.env.NPM_SKIPS_SCRIPTS) symlinkSync(process.execPath, 'node_modules/node/bin/node')
`

const build = `
import { appendFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { sourceFingerprint, writeBuildStamp } from './build-stamp.mjs'
const root = dirname(import.meta.dirname)
appendFileSync('builds', 'built\\n')
writeBuildStamp(root, sourceFingerprint(root), [])
`

const freshClone = () =>
  plantedFolder({
    'package.json': '{ "type": "module" }',
    'package-lock.json': '{}',
    'npm/package.json': '{ "type": "commonjs" }',
    'npm/npm-cli.js': npm,
    'packages/cli/src/main.ts': 'export {}',
    'tools/setup.mjs': own('setup.mjs'),
    'tools/build-stamp.mjs': own('build-stamp.mjs'),
    'tools/build.ts': build,
  })

function setUp(root: string, env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'tools', 'setup.mjs')], {
    cwd: root,
    encoding: 'utf8',
    env: {
      ...process.env,
      npm_execpath: join(root, 'npm', 'npm-cli.js'),
      npm_node_execpath: process.execPath,
      ...env,
    },
  })
  return { status, text: stdout + stderr }
}

const linesOf = (root: string, name: string) => {
  const path = join(root, name)
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []
}

test('a fresh clone is installed and built, and the second time nothing is done or said', () => {
  const root = freshClone()
  expect(setUp(root).text).toContain('set-up: installing packages')
  expect(linesOf(root, 'npm-calls')).toEqual([expect.stringMatching(/^ci --include=dev /)])
  expect(setUp(root)).toEqual({ status: 0, text: '' })
  expect(linesOf(root, 'npm-calls')).toHaveLength(1)
  expect(linesOf(root, 'builds')).toHaveLength(1)
})

test('another lock file is installed', () => {
  const root = freshClone()
  setUp(root)
  writeFileSync(join(root, 'package-lock.json'), '{ "more": 1 }')
  setUp(root)
  expect(linesOf(root, 'npm-calls')).toHaveLength(2)
})

test('a changed source is built without another install', () => {
  const root = freshClone()
  setUp(root)
  writeFileSync(join(root, 'packages/cli/src/main.ts'), 'export const changed = 1')
  setUp(root)
  expect(linesOf(root, 'npm-calls')).toHaveLength(1)
  expect(linesOf(root, 'builds')).toHaveLength(2)
})

test('a lost node_modules is installed again', () => {
  const root = freshClone()
  setUp(root)
  rmSync(join(root, 'node_modules'), { recursive: true })
  expect(setUp(root).status).toBe(0)
  expect(linesOf(root, 'npm-calls')).toHaveLength(2)
})

test('an install that fails shows what npm said, and the fix', () => {
  const { status, text } = setUp(freshClone(), { NPM_FAILS: '1' })
  expect(text).toContain('no such host')
  expect(text).toContain('fix: check the connection to your npm registry')
  expect(status).toBe(1)
})

test('an npm that skips install scripts is told how not to', () => {
  const { status, text } = setUp(freshClone(), { NPM_SKIPS_SCRIPTS: '1' })
  expect(text).toContain('Node 24 is missing')
  expect(text).toContain('fix: run `npm ci --ignore-scripts=false`')
  expect(status).toBe(1)
})
