import { describe, expect, test } from 'vitest'
import { checkImports, doorCycle } from './check-imports.ts'
import { formatFindings } from './finding.ts'
import { plantedTree } from './planted-tree.ts'
import { domainDoors } from './walls.ts'

const server = 'packages/server/src'

const wallsKept = {
  'packages/contract/src/index.ts': "export * from './job.ts'",
  'packages/contract/src/job.ts': "import { z } from 'zod'\nexport const job = z.string()",
  'packages/manifest/src/index.ts':
    "import { job } from '@hagane/contract'\nimport { parse } from 'yaml'\nexport { job, parse }",
  'packages/manifest/src/write-schemas.ts': "import { writeFileSync } from 'node:fs'\nwriteFileSync('x', '')",
  'packages/cli/src/main.ts': "import '@hagane/manifest'\nimport 'commander'\nimport 'node:fs'",
  [`${server}/app.ts`]: "import './domains/jobs/index.ts'\nimport './kernel/clock.ts'\nimport './migrations/index.ts'",
  [`${server}/kernel/clock.ts`]: 'export const now = () => 0',
  [`${server}/kernel/db/index.ts`]: "import { Kysely } from 'kysely'\nimport 'node:sqlite'\nexport { Kysely }",
  [`${server}/migrations/index.ts`]: "import { sql } from 'kysely'\nexport { sql }",
  [`${server}/domains/assets/index.ts`]: 'export const assets = 1',
  [`${server}/domains/compute/index.ts`]: "import '@hagane/runner'",
  [`${server}/domains/jobs/index.ts`]: "import '../assets/index.ts'\nimport './routes.ts'\nimport './service.ts'",
  [`${server}/domains/jobs/routes.ts`]: "import { job } from '@hagane/contract'\nimport './service.ts'\nexport { job }",
  [`${server}/domains/jobs/service.ts`]: "import './store.ts'\nimport './transitions.ts'",
  [`${server}/domains/jobs/store.ts`]:
    "import { sql } from 'kysely'\nimport type { T } from './tables.ts'\nexport const add = (db: T) => db.insertInto('jobs')",
  [`${server}/domains/jobs/tables.ts`]:
    "import type { Generated } from 'kysely'\nexport type T = Generated<any>\nexport const on = (db: any) => db.withTables()",
  [`${server}/kernel/folder-lock.ts`]: "import 'node:sqlite'",
  [`${server}/domains/jobs/transitions.ts`]: "import type { T } from './tables.ts'\nexport type Next = T",
  [`${server}/domains/jobs/jobs.db.test.ts`]:
    "import { eachDialect } from '@hagane/testkit'\nimport { sql } from 'kysely'\nimport 'vitest'",
  [`${server}/domains/jobs/routes.test.ts`]: "import '../../app.ts'\nimport '@hagane/testkit'\nimport 'node:fs'",
}

test('a tree that keeps every wall has no finding', () => {
  expect(checkImports(plantedTree(wallsKept))).toEqual([])
})

/** What is planted: [what it is, the file, its text, what the report must say, what the fix must say]. */
const planted: readonly [string, string, string, string, string][] = [
  ['contract loads more than zod', 'packages/contract/src/a.ts', "import 'yaml'", 'imports yaml', 'hand the result in'],
  [
    'contract uses Node',
    'packages/contract/src/a.ts',
    "import 'node:fs'",
    'must load in a browser',
    'hand in what it read',
  ],
  [
    'a package is imported past its door',
    'packages/cli/src/a.ts',
    "import '@hagane/manifest/src/parse.ts'",
    'imports @hagane/manifest/',
    'one door',
  ],
  [
    'a package is imported by a relative path',
    'packages/cli/src/a.ts',
    "import '../../manifest/src/index.ts'",
    'reaches out of packages/cli',
    '@hagane/<name>',
  ],
  [
    'the command line knows the server',
    'packages/cli/src/a.ts',
    "import type { App } from '@hagane/server'",
    'may import @hagane/contract, @hagane/manifest',
    'over the API',
  ],
  [
    'the gateway knows the server',
    'packages/gateway/src/a.ts',
    "import '@hagane/server'",
    'while the control plane is away',
    'over the API',
  ],
  [
    'a domain other than compute runs steps in process',
    `${server}/domains/jobs/a.ts`,
    "import '@hagane/runner'",
    'imports @hagane/runner',
    'over the API',
  ],
  [
    'code that is not a test uses the testkit',
    `${server}/domains/jobs/a.ts`,
    "import '@hagane/testkit'",
    'imports @hagane/testkit',
    'over the API',
  ],
  ['a built-in without its prefix', 'packages/cli/src/a.ts', "import 'fs'", 'imports fs', 'write node:fs'],
  ['a package without a row', 'packages/extra/src/a.ts', '', 'packages/extra has no row', 'packageWalls'],
  [
    'the kernel knows a domain',
    `${server}/kernel/a.ts`,
    "import '../domains/jobs/index.ts'",
    'the kernel imports',
    'names no domain',
  ],
  [
    'the kernel knows a domain by a type',
    `${server}/kernel/a.ts`,
    "export type J = import('../domains/jobs/index.ts').J",
    'the kernel imports',
    'names no domain',
  ],
  ['a domain not in the list', `${server}/domains/weather/index.ts`, '', 'weather is not in the list', 'domainDoors'],
  [
    'a domain asks one that it may not know',
    `${server}/domains/assets/a.ts`,
    "import type { J } from '../jobs/index.ts'",
    'assets may not know jobs',
    'listen to its events',
  ],
  [
    'a domain goes past a door',
    `${server}/domains/jobs/a.ts`,
    "import '../assets/store.ts'",
    'past the door of assets',
    'domains/assets/index.ts',
  ],
  [
    'a domain takes from the composition root',
    `${server}/domains/jobs/a.ts`,
    "import '../../app.ts'",
    'domain jobs imports packages/server/src/app.ts',
    'parameter of build',
  ],
  [
    'the composition root goes past a door',
    `${server}/main.ts`,
    "import './domains/jobs/service.ts'",
    'past its door',
    'domains/jobs/index.ts',
  ],
  [
    'a migration calls living code',
    `${server}/migrations/0002-a.ts`,
    "import '../domains/jobs/index.ts'",
    'a migration imports',
    'frozen history',
  ],
  [
    'a service loads the query builder',
    `${server}/domains/jobs/service.ts`,
    "import { sql } from 'kysely'",
    'imports kysely',
    'store.ts',
  ],
  [
    'a service builds a query on a handle',
    `${server}/domains/jobs/service.ts`,
    "export const f = (tx: any) => tx.db.selectFrom('jobs')",
    'builds a query with selectFrom()',
    'store.ts',
  ],
  [
    'a lock loads the query builder',
    `${server}/kernel/folder-lock.ts`,
    "import 'kysely'",
    'imports kysely',
    'store.ts',
  ],
  [
    'tables.ts loads the query builder',
    `${server}/domains/jobs/tables.ts`,
    "import { sql } from 'kysely'",
    'imports kysely',
    'store.ts',
  ],
  [
    'routes ask the store',
    `${server}/domains/jobs/routes.ts`,
    "import './store.ts'",
    'routes import the database',
    'service.ts',
  ],
  [
    'routes take a database type',
    `${server}/domains/jobs/routes.ts`,
    "import type { Database } from '../../kernel/db/index.ts'",
    'routes import the database',
    'service.ts',
  ],
  [
    'transitions load a module',
    `${server}/domains/jobs/transitions.ts`,
    "import { type T } from './tables.ts'",
    'transitions load ./tables.ts',
    'import type',
  ],
  [
    'a star export',
    `${server}/domains/jobs/index.ts`,
    "export * from './service.ts'",
    'export * hides',
    'name each export',
  ],
]

describe('a planted breach is found and the fix is printed', () => {
  test.each(planted)('%s', (_what, path, text, problem, fix) => {
    const report = formatFindings(checkImports(plantedTree({ ...wallsKept, [path]: text })))
    expect(report).toContain(`${path}`)
    expect(report).toContain(problem)
    expect(report.split('\n').find(line => line.startsWith('  fix: '))).toContain(fix)
  })
})

describe('the list of doors', () => {
  test('has no cycle', () => {
    expect(doorCycle(domainDoors)).toBeUndefined()
  })

  test('names only domains that are in it', () => {
    const asked = new Set(Object.values(domainDoors).flat())
    expect([...asked].filter(domain => domainDoors[domain] === undefined)).toEqual([])
  })

  test('is refused when it has one', () => {
    expect(doorCycle({ a: ['b'], b: ['c'], c: ['b'] })).toEqual(['b', 'c', 'b'])
  })
})
