import { basename } from 'node:path/posix'
import type { Finding } from './finding.ts'
import { type Import, isTest, type Source, targetOf } from './source-tree.ts'
import { domainDoors } from './walls.ts'

const src = 'packages/server/src/'

type DomainZone = { kind: 'domain'; domain: string; door: boolean }
type Zone = { kind: 'kernel' } | { kind: 'migrations' } | { kind: 'root' } | DomainZone

/** Which part of the server a file belongs to. */
function zoneOf(path: string): Zone {
  const [first, second, ...rest] = path.slice(src.length).split('/')
  if (first === 'kernel' || first === 'migrations') return { kind: first }
  if (first === 'domains' && second !== undefined)
    return { kind: 'domain', domain: second, door: rest.join('/') === 'index.ts' }
  return { kind: 'root' }
}

type Verdict = { problem: string; fix: string } | undefined

function fromKernel(to: Zone, target: string): Verdict {
  if (to.kind === 'kernel') return undefined
  return {
    problem: `the kernel imports ${target}`,
    fix: 'the kernel names no domain: let app.ts hand it in, or move the code to the domain',
  }
}

function fromMigrations(to: Zone, target: string): Verdict {
  if (to.kind === 'kernel' || to.kind === 'migrations') return undefined
  return {
    problem: `a migration imports ${target}`,
    fix: 'a migration is frozen history: write the statement out instead of calling code that will change',
  }
}

function fromRoot(to: Zone, target: string): Verdict {
  if (to.kind !== 'domain' || to.door) return undefined
  return { problem: `imports ${target} past its door`, fix: `import domains/${to.domain}/index.ts` }
}

function fromDomain(domain: string, to: Zone, target: string): Verdict {
  if (to.kind === 'kernel') return undefined
  if (to.kind !== 'domain')
    return { problem: `domain ${domain} imports ${target}`, fix: 'take it as a parameter of build…(deps) from app.ts' }
  if (to.domain === domain) return undefined
  if (domainDoors[domain]?.includes(to.domain) !== true)
    return {
      problem: `domain ${domain} may not know ${to.domain}`,
      fix: `listen to its events, or add '${to.domain}' to ${domain} in tools/walls.ts if the list stays acyclic`,
    }
  if (to.door) return undefined
  return {
    problem: `imports ${target} past the door of ${to.domain}`,
    fix: `export what is needed from domains/${to.domain}/index.ts`,
  }
}

function verdictOn(from: Zone, target: string): Verdict {
  const to = zoneOf(target)
  if (from.kind === 'kernel') return fromKernel(to, target)
  if (from.kind === 'migrations') return fromMigrations(to, target)
  if (from.kind === 'root') return fromRoot(to, target)
  return fromDomain(from.domain, to, target)
}

const isDatabase = (target: string): boolean =>
  target.startsWith(`${src}kernel/db/`) || /(?:^|-)(?:store|reads|tables)(?:-[a-z0-9-]+)?\.ts$/.test(basename(target))

function routesVerdict(found: Import, target: string | undefined): Verdict {
  if (target === undefined || !isDatabase(target)) return undefined
  return {
    problem: `routes import the database by ${found.from}`,
    fix: 'a route translates only: call a function of service.ts and let that one read or write',
  }
}

function transitionsVerdict(found: Import): Verdict {
  if (found.typeOnly) return undefined
  return {
    problem: `transitions load ${found.from}`,
    fix: 'write `import type`; a transition is pure, so effects, clock and errors belong to service.ts',
  }
}

const isNamed = (path: string, name: string): boolean => new RegExp(`(?:^|-)${name}\\.ts$`).test(basename(path))

/** A test may also migrate a database and build the whole server. */
const isTestSetUp = (path: string, to: Zone): boolean =>
  isTest(path) && (to.kind === 'root' || to.kind === 'migrations')

function verdictsOf(source: Source, found: Import): Verdict[] {
  const target = targetOf(source, found)
  const zone = zoneOf(source.path)
  const crosses = target?.startsWith(src) === true && !isTestSetUp(source.path, zoneOf(target))
  return [
    crosses ? verdictOn(zone, target) : undefined,
    zone.kind === 'domain' && isNamed(source.path, 'routes') ? routesVerdict(found, target) : undefined,
    zone.kind === 'domain' && isNamed(source.path, 'transitions') ? transitionsVerdict(found) : undefined,
  ]
}

function unknownDomain({ path }: Source): Finding[] {
  const zone = zoneOf(path)
  if (zone.kind !== 'domain' || !zone.door || domainDoors[zone.domain] !== undefined) return []
  return [
    {
      file: path,
      problem: `domain ${zone.domain} is not in the list of doors`,
      fix: `add '${zone.domain}' to domainDoors in tools/walls.ts with the domains that it may ask`,
    },
  ]
}

/** Kernel, domains, migrations and the two strict files, routes.ts and transitions.ts. */
export function serverFindings(source: Source): Finding[] {
  const broken = source.imports.flatMap(found =>
    verdictsOf(source, found).flatMap(verdict =>
      verdict === undefined ? [] : [{ file: source.path, line: found.line, ...verdict }],
    ),
  )
  return [...unknownDomain(source), ...broken]
}
