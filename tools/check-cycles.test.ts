import { expect, test } from 'vitest'
import { checkCycles, cyclesOf } from './check-cycles.ts'
import { plantedTree } from './planted-tree.ts'

const problems = (files: Record<string, string>) => checkCycles(plantedTree(files)).map(finding => finding.problem)

test('a cycle of files is named from start to start', () => {
  const found = problems({
    'packages/cli/src/a.ts': "import './b.ts'",
    'packages/cli/src/b.ts': "import './c.ts'",
    'packages/cli/src/c.ts': "import './a.ts'",
  })
  expect(found).toEqual([
    'import cycle: packages/cli/src/a.ts -> packages/cli/src/b.ts -> packages/cli/src/c.ts -> packages/cli/src/a.ts',
  ])
})

test('a cycle through a type import counts', () => {
  const found = problems({
    'packages/cli/src/a.ts': "import type { B } from './b.ts'\nexport type A = B",
    'packages/cli/src/b.ts': "export type B = import('./a.ts').A",
  })
  expect(found).toHaveLength(1)
})

test('two folders that need each other are a cycle though no files are', () => {
  const found = problems({
    'packages/cli/src/x/one.ts': "import '../y/one.ts'",
    'packages/cli/src/x/two.ts': '',
    'packages/cli/src/y/one.ts': '',
    'packages/cli/src/y/two.ts': "import '../x/two.ts'",
  })
  expect(found).toHaveLength(1)
  expect(found[0]).toContain('folder cycle: packages/cli/src/x -> packages/cli/src/y')
  expect(found[0]).toContain('packages/cli/src/y/two.ts -> packages/cli/src/x/two.ts')
})

test('a folder and the one that holds it may import both ways', () => {
  const found = problems({
    'packages/cli/src/clock.ts': '',
    'packages/cli/src/main.ts': "import './inner/a.ts'",
    'packages/cli/src/inner/a.ts': "import '../clock.ts'",
  })
  expect(found).toEqual([])
})

test('a test that uses the testkit, which uses the tested package, is no cycle', () => {
  const found = problems({
    'packages/testkit/src/index.ts': "import '@hagane/server'",
    'packages/server/src/index.ts': "import './domains/jobs/index.ts'",
    'packages/server/src/domains/jobs/index.ts': '',
    'packages/server/src/domains/jobs/routes.test.ts': "import '@hagane/testkit'",
  })
  expect(found).toEqual([])
})

test('two knots that share nothing are both reported, one knot once', () => {
  const graph = new Map(
    Object.entries({ a: ['b'], b: ['a'], c: ['d'], d: ['c', 'a'] }).map(([from, to]) => [from, new Set(to)]),
  )
  expect(cyclesOf(graph)).toEqual([
    ['a', 'b', 'a'],
    ['c', 'd', 'c'],
  ])
})
