import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { plantedFolder } from './planted-tree.ts'

const check = (root: string, ...names: string[]) => {
  const script = join(import.meta.dirname, 'check.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...names, '--root', root], {
    encoding: 'utf8',
  })
  return { status, text: stdout + stderr }
}

const tsconfig = JSON.stringify({
  compilerOptions: { strict: true, noEmit: true, types: [], module: 'nodenext' },
  include: ['packages/*/src'],
})
const biome = JSON.stringify({ linter: { rules: { suspicious: { noExplicitAny: 'error' } } } })

describe('npm run check', () => {
  test('is content with a sound tree and says so', () => {
    const root = plantedFolder({ 'packages/cli/src/a.ts': 'export {}\n' })
    const { status, text } = check(root, 'imports', 'cycles', 'sizes', 'migrations', 'words')
    expect(text).toContain('all 5 checks hold')
    expect(status).toBe(0)
  })

  test('ends with exit code 1 and names each failing check with the fix', () => {
    const root = plantedFolder({ 'packages/cli/src/a.ts': "import '@hagane/server'\n// TODO\n" })
    const { status, text } = check(root, 'imports', 'cycles', 'words')
    expect(text).toMatch(/FAIL imports .*\n {4}packages\/cli\/src\/a\.ts:1 {2}imports @hagane\/server.*\n {6}fix: /)
    expect(text).toMatch(/FAIL words .*\n {4}packages\/cli\/src\/a\.ts:2 {2}holds a note .*\n {6}fix: /)
    expect(text).toContain('2 of 3 checks fail')
    expect(status).toBe(1)
  })

  test('refuses a check that it does not have and lists those it has', () => {
    const { status, text } = check(plantedFolder({}), 'spelling')
    expect(text).toContain("unknown check 'spelling': one of types, style, unused")
    expect(status).toBe(2)
  })
})

describe('checks by other programs', () => {
  test('a type error fails with its place', () => {
    const root = plantedFolder({ 'tsconfig.json': tsconfig, 'packages/cli/src/a.ts': "export const a: number = 'x'\n" })
    const { status, text } = check(root, 'types')
    expect(text).toContain('packages/cli/src/a.ts(1,14): error TS2322')
    expect(text).toContain('fix: make the types say')
    expect(status).toBe(1)
  })

  test('a line out of style and a lint error fail with the command that mends them', () => {
    const root = plantedFolder({ 'biome.json': biome, 'a.ts': 'export const a = (x:any)=>x' })
    const { status, text } = check(root, 'style')
    expect(text).toContain('noExplicitAny')
    expect(text).toContain('File content differs from formatting output')
    expect(text).toContain('fix: run `npx biome check --write`')
    expect(status).toBe(1)
  })

  test('an export and a dependency that nobody uses fail', () => {
    const root = plantedFolder({
      'package.json': '{ "name": "x", "type": "module", "dependencies": { "left-over": "1.0.0" } }',
      'knip.json': '{ "entry": ["main.ts"], "project": ["*.ts"] }',
      'main.ts': "import { used } from './a.ts'\nused()\n",
      'a.ts': 'export const used = () => {}\nexport const unused = 1\n',
    })
    const { status, text } = check(root, 'unused')
    expect(text).toContain('unused  a.ts:2')
    expect(text).toContain('left-over')
    expect(text).toContain('fix: delete what nobody uses')
    expect(status).toBe(1)
  })

  test('JSON Schemas that differ from the code fail', () => {
    const root = plantedFolder({
      'packages/manifest/src/write-schemas.ts': "console.error('job.json differs')\nprocess.exitCode = 1\n",
    })
    const { status, text } = check(root, 'schemas')
    expect(text).toContain('job.json differs')
    expect(text).toContain('fix: run `node packages/manifest/src/write-schemas.ts`')
    expect(status).toBe(1)
  })
})

/** A server as far as the document needs one: its routes, and the printer of the kernel. */
const serverWith = (routes: object) => ({
  'package.json': '{ "version": "1.2.3", "type": "module" }',
  'packages/server/src/index.ts': `export const loadConfig = () => ({})\nexport const buildApp = () => ({ routes: ${JSON.stringify(routes)}, stop: async () => {} })\n`,
  'packages/server/src/kernel/http/index.ts':
    'export const openApiOf = (paths: object, version: string) => ({ version, paths })\n',
})

describe('the OpenAPI document', () => {
  const committed = `${JSON.stringify({ version: '1.2.3', paths: { '/jobs': { get: 1 } } }, null, 2)}\n`

  test('passes when it is what the routes say', () => {
    const root = plantedFolder({ ...serverWith({ '/jobs': { get: 1 } }), 'docs/openapi.json': committed })
    expect(check(root, 'openapi')).toMatchObject({ status: 0 })
  })

  test('fails when a route changed, with the path and the command that prints it again', () => {
    const root = plantedFolder({ ...serverWith({ '/jobs': { get: 2 } }), 'docs/openapi.json': committed })
    const { status, text } = check(root, 'openapi')
    expect(text).toContain('docs/openapi.json differs from the routes: /jobs')
    expect(text).toContain('fix: run `node tools/write-openapi.ts`')
    expect(status).toBe(1)
  })

  test('fails when it was never written', () => {
    expect(check(plantedFolder(serverWith({ '/jobs': {} })), 'openapi').text).toContain(
      'differs from the routes: /jobs',
    )
  })
})
