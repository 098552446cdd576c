/**
 * `npm run check`: every rule of the house that a machine can see, all at once. A failing check prints where, what and
 * the fix. Names pick single checks: `npm run check -- imports sizes`.
 */
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { checkJsonSchemas, checkOpenApi, checkStyle, checkTypes, checkUnused } from './check-commands.ts'
import { checkCycles } from './check-cycles.ts'
import { checkImports } from './check-imports.ts'
import { checkLock } from './check-lock.ts'
import { checkMigrations } from './check-migrations.ts'
import { checkSizes } from './check-sizes.ts'
import { checkWords } from './check-words.ts'
import { type Finding, formatFindings } from './finding.ts'
import { readTree, type Tree } from './source-tree.ts'

/** Gives what is wrong as text with its fix, or nothing. */
type Check = (root: string, tree: () => Tree) => Promise<string>

const overTree =
  (check: (tree: Tree) => Finding[]): Check =>
  async (_root, tree) =>
    formatFindings(check(tree()))

const checks: Readonly<Record<string, Check>> = {
  types: checkTypes,
  style: checkStyle,
  unused: checkUnused,
  openapi: checkOpenApi,
  schemas: checkJsonSchemas,
  imports: overTree(checkImports),
  cycles: overTree(checkCycles),
  sizes: overTree(checkSizes),
  migrations: overTree(checkMigrations),
  words: overTree(checkWords),
  lock: overTree(checkLock),
}

const { values, positionals } = parseArgs({ options: { root: { type: 'string' } }, allowPositionals: true })
const root = resolve(values.root ?? dirname(import.meta.dirname))
const unknown = positionals.filter(name => checks[name] === undefined)
if (unknown.length > 0) {
  console.error(`unknown check '${unknown.join(', ')}': one of ${Object.keys(checks).join(', ')}`)
  process.exit(2)
}

let parsed: Tree | undefined
const tree = (): Tree => (parsed ??= readTree(root))

const indent = (text: string): string => text.replace(/^(?=.)/gm, '    ')

async function runOne(name: string, check: Check): Promise<boolean> {
  const start = performance.now()
  const problem = await check(root, tree).catch((error: Error) => `the check itself broke: ${error.stack}`)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${problem === '' ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`)
  if (problem !== '') console.log(indent(problem))
  return problem === ''
}

const chosen = Object.entries(checks).filter(([name]) => positionals.length === 0 || positionals.includes(name))
const results = await Promise.all(chosen.map(([name, check]) => runOne(name, check)))
const failed = results.filter(ok => !ok).length
console.log(failed === 0 ? `all ${results.length} checks hold` : `${failed} of ${results.length} checks fail`)
process.exitCode = failed === 0 ? 0 : 1
