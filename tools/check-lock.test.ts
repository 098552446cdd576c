import { expect, test } from 'vitest'
import { checkLock } from './check-lock.ts'
import { formatFindings } from './finding.ts'
import { plantedTree } from './planted-tree.ts'

const files = (lock: object, manifest: object = { version: '0.1.0', dependencies: { esbuild: '0.28.2' } }) => ({
  'package.json': JSON.stringify(manifest),
  'package-lock.json': JSON.stringify({ packages: { '': { version: '0.1.0' }, ...lock } }),
})

const sound = {
  'node_modules/esbuild': { version: '0.28.2', optionalDependencies: { '@esbuild/linux-x64': '0.28.2' } },
  'node_modules/@esbuild/linux-x64': { version: '0.28.2' },
  'node_modules/vite': { version: '8.0.0', optionalDependencies: { own: '1.0.0' } },
  'node_modules/vite/node_modules/own': { version: '1.0.0' },
  'node_modules/@hagane/cli': { resolved: 'packages/cli', link: true },
}

test('a lock that holds every platform and names no host passes', () => {
  expect(checkLock(plantedTree(files(sound)))).toEqual([])
})

test.each([
  [
    'a platform that is not locked',
    files({ ...sound, 'node_modules/biome': { optionalDependencies: { 'biome-darwin': '1.0.0' } } }),
    'biome lists biome-darwin, which is not locked',
    'published for every platform',
  ],
  [
    'a host',
    files({ ...sound, 'node_modules/zod': { resolved: 'https://packages.example.org/zod.tgz' } }),
    'node_modules/zod is bound to https://packages.example.org',
    'leaves hosts out',
  ],
  ['a range', files(sound, { version: '0.1.0', dependencies: { zod: '^4.0.0' } }), "zod is '^4.0.0'", 'install -E'],
  [
    'an executable that the lock does not know',
    files(sound, { version: '0.1.0', bin: { hagane: './bin/hagane.js' } }),
    'does not know the executables of package.json',
    'npm install --package-lock-only',
  ],
  ['a package of another release', files(sound, { version: '0.2.0' }), 'has version 0.2.0', 'npm version'],
])('%s is found and the fix is printed', (_what, tree, problem, fix) => {
  const report = formatFindings(checkLock(plantedTree(tree)))
  expect(report).toContain(problem)
  expect(report.split('  fix: ')[1]).toContain(fix)
})
