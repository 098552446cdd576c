import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bundlesAreFresh, sourceFingerprint, writeBuildStamp } from './build-stamp.mjs'
import { plantedFolder } from './planted-tree.ts'

const source = 'packages/cli/src/main.ts'
const bundle = 'packages/cli/dist/cli.mjs'

function builtTree(): string {
  const root = plantedFolder({
    'package-lock.json': '{}',
    'tools/build.ts': '',
    'node_modules/x': '',
    [source]: 'export {}',
    [bundle]: '',
  })
  writeBuildStamp(root, sourceFingerprint(root), [bundle])
  return root
}

test('bundles are fresh right after a build', () => {
  expect(bundlesAreFresh(builtTree())).toBe(true)
})

test.each([
  ['a source changes', source],
  ['a source is added', 'packages/cli/src/more.ts'],
  ['the lock file changes', 'package-lock.json'],
  ['the build itself changes', 'tools/build.ts'],
])('they are stale when %s', (_what, path) => {
  const root = builtTree()
  writeFileSync(join(root, path), 'export const changed = 1')
  expect(bundlesAreFresh(root)).toBe(false)
})

test('they are stale when a bundle is gone', () => {
  const root = builtTree()
  rmSync(join(root, bundle))
  expect(bundlesAreFresh(root)).toBe(false)
})

test('a changed test makes nothing stale', () => {
  const root = builtTree()
  writeFileSync(join(root, 'packages/cli/src/main.test.ts'), 'x')
  expect(bundlesAreFresh(root)).toBe(true)
})
