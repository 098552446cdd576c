import { expect, test } from 'vitest'
import { checkMigrations } from './check-migrations.ts'
import { formatFindings } from './finding.ts'
import { plantedTree } from './planted-tree.ts'

const folder = 'packages/server/src/migrations'
const migration = (name: string) => `export const m = { name: '${name}', async up() {}, async down() {} }`
const indexOf = (...names: string[]) =>
  `${names.map((name, at) => `import { m as m${at} } from './${name}.ts'`).join('\n')}\nexport const migrations = [${names.map((_, at) => `m${at}`).join(', ')}]`

const sound = {
  [`${folder}/0001-kernel.ts`]: migration('0001-kernel'),
  [`${folder}/0020-tracking.ts`]:
    "export const name = '0020-tracking'\nexport async function up() {}\nexport async function down() {}",
  [`${folder}/index.ts`]: indexOf('0001-kernel', '0020-tracking'),
}

test('numbered, listed and reversible migrations pass; gaps are allowed', () => {
  expect(checkMigrations(plantedTree(sound))).toEqual([])
})

test.each([
  [
    'a number twice',
    { [`${folder}/0020-models.ts`]: migration('0020-models') },
    'has the same number as',
    'next free number',
  ],
  ['a name without number', { [`${folder}/labels.ts`]: migration('labels') }, 'is not named NNNN-name.ts', 'rename it'],
  [
    'a forgotten one',
    { [`${folder}/0030-jobs.ts`]: migration('0030-jobs') },
    'does not list 0030-jobs',
    'add it to the list',
  ],
  [
    'a list out of order',
    { [`${folder}/index.ts`]: indexOf('0020-tracking', '0001-kernel') },
    'out of order',
    'sort the list',
  ],
  [
    'no way down',
    { [`${folder}/0001-kernel.ts`]: "export const m = { name: '0001-kernel', async up() {} }" },
    'has no down()',
    'both directions',
  ],
  [
    'another name than its file',
    { [`${folder}/0001-kernel.ts`]: migration('0001-core') },
    "its name is not '0001-kernel'",
    'named like its file',
  ],
])('%s is found and the fix is printed', (_what, change, problem, fix) => {
  const report = formatFindings(checkMigrations(plantedTree({ ...sound, ...change })))
  expect(report).toContain(problem)
  expect(report).toContain(fix)
})
