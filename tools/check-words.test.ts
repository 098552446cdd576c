import { expect, test } from 'vitest'
import { checkWords } from './check-words.ts'
import { formatFindings } from './finding.ts'
import { plantedTree } from './planted-tree.ts'

/** Put together here, so that this file names no host that a reader of the tree would stumble over. */
const hostOf = (...labels: string[]): string => labels.join('.')
const registry = hostOf('registry', 'npmjs', 'org')

test.each([
  [
    'a registry in a lock file',
    'package-lock.json',
    `"resolved": "https://${registry}/zod"`,
    'names a package registry',
    'settings of the machine',
  ],
  [
    'a mirror in a script',
    'tools/a.sh',
    `pip install -i http://${hostOf('pypi', 'mirror', 'example')}/simple x`,
    'names a package registry',
    'settings of the machine',
  ],
  [
    'a folder of one machine',
    'packages/cli/src/a.ts',
    "const at = '/home/grace/hagane'",
    'names a folder of one machine',
    'import.meta.dirname',
  ],
  [
    'a folder of one machine in prose',
    'docs/a.md',
    'run /work/main/x',
    'names a folder of one machine',
    'import.meta.dirname',
  ],
  ['a note for later', 'packages/python/a.py', '# TODO: retry', 'holds a note to finish later', 'finish it now'],
  ['a focused test', 'packages/cli/src/a.test.ts', "test.only('x', () => {})", 'switches tests off', 'skipIf'],
  ['a silenced check', 'packages/cli/src/a.ts', '// biome-ignore lint: because', 'silences a check', 'mend what'],
])('%s is found with its line and the fix is printed', (_what, path, text, problem, fix) => {
  const report = formatFindings(checkWords(plantedTree({ [path]: `\n${text}\n` })))
  expect(report).toContain(`${path}:2  ${problem}`)
  expect(report.split('  fix: ')[1]).toContain(fix)
})

test('addresses of our own API, conditional tests and ignored folders are left alone', () => {
  const found = checkWords(
    plantedTree({
      '.gitignore': 'node_modules/\nbench/results/\n',
      'node_modules/x/a.ts': '// TODO',
      'bench/results/a.json': `"https://${registry}"`,
      'packages/cli/src/a.ts': "fetch('http://localhost:7700/work/home/ada')\nconst u = `${url}/root/x`",
      'packages/cli/src/a.test.ts': "test.skipIf(noPython)('x', () => {})",
    }),
  )
  expect(found).toEqual([])
})
