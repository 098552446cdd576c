/**
 * Walls between packages, kernel and domains (the table is walls.ts).
 * Reason: a rule kept only as prose decays, and an import is how it decays.
 */
import { packageFindings } from './check-imports-packages.ts'
import { serverFindings } from './check-imports-server.ts'
import type { Finding } from './finding.ts'
import type { Import, Source, Tree } from './source-tree.ts'
import { describesTables, domainDoors, isFileLock, mayTouchSql, queryMethods, sqlPackages } from './walls.ts'

const sqlFix =
  'put the statement into store.ts (writes) or reads.ts (lists, screens) of the domain and call that function'

function mayImport(path: string, { from, typeOnly }: Import): boolean {
  return (typeOnly && describesTables(path)) || (from === 'node:sqlite' && isFileLock(path))
}

function sqlFindings(source: Source): Finding[] {
  const { path, imports, methodCalls } = source
  if (mayTouchSql(path)) return []
  const drivers = imports
    .filter(found => sqlPackages.includes(found.from) && !mayImport(path, found))
    .map(({ from, line }) => ({ file: path, line, problem: `imports ${from}`, fix: sqlFix }))
  const queries = methodCalls
    .filter(({ method }) => queryMethods.includes(method) && !(method === 'withTables' && describesTables(path)))
    .map(({ method, line }) => ({ file: path, line, problem: `builds a query with ${method}()`, fix: sqlFix }))
  return [...drivers, ...queries]
}

function starFindings({ path, starExports }: Source): Finding[] {
  if (path.startsWith('packages/contract/')) return []
  return starExports.map(line => ({
    file: path,
    line,
    problem: 'export * hides what the door lets through',
    fix: 'name each export',
  }))
}

/** A cycle in the table itself would make the rule mean nothing. */
export function doorCycle(doors: Readonly<Record<string, readonly string[]>>): string[] | undefined {
  const done = new Set<string>()
  const visit = (domain: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(domain)) return [...trail.slice(trail.indexOf(domain)), domain]
    if (done.has(domain)) return undefined
    for (const next of doors[domain] ?? []) {
      const cycle = visit(next, [...trail, domain])
      if (cycle !== undefined) return cycle
    }
    done.add(domain)
    return undefined
  }
  for (const domain of Object.keys(doors)) {
    const cycle = visit(domain, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}

function tableFindings(): Finding[] {
  const cycle = doorCycle(domainDoors)
  if (cycle === undefined) return []
  return [
    {
      file: 'tools/walls.ts',
      problem: `domainDoors has a cycle: ${cycle.join(' -> ')}`,
      fix: 'turn one direction into an event that the other domain listens to',
    },
  ]
}

export function checkImports(tree: Tree): Finding[] {
  const ofPackages = tree.sources.filter(source => source.path.startsWith('packages/'))
  const ofServer = ofPackages.filter(({ path }) => path.startsWith('packages/server/src/'))
  return [
    ...tableFindings(),
    ...ofPackages.flatMap(packageFindings),
    ...ofServer.flatMap(serverFindings),
    ...ofPackages.flatMap(sqlFindings),
    ...tree.sources.flatMap(starFindings),
  ]
}
