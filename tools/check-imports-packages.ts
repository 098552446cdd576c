import { isBuiltin } from 'node:module'
import type { Finding } from './finding.ts'
import { type Import, isTest, type Source } from './source-tree.ts'
import { mayImportRunner, type PackageWall, packageWalls, scriptsOfBrowserPackages, testTools } from './walls.ts'

const packageOf = (path: string): string => path.split('/')[1] ?? ''

/** `zod/v4` is of package `zod`, `@fastify/static/x` of `@fastify/static`. */
const npmNameOf = (from: string): string =>
  from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/')

interface Case {
  readonly source: Source
  readonly found: Import
  readonly name: string
  readonly wall: PackageWall
}

type Verdict = { problem: string; fix: string } | undefined

function relativeVerdict({ source, found, name }: Case): Verdict {
  const depthOfPackage = source.path.split('/').length - 3
  const ups = found.from.split('/').filter(part => part === '..').length
  if (ups <= depthOfPackage) return undefined
  return {
    problem: `reaches out of packages/${name} by ${found.from}`,
    fix: 'import the other package by its door, @hagane/<name>',
  }
}

function oursVerdict({ source, found, name, wall }: Case): Verdict {
  const other = found.from.slice('@hagane/'.length)
  if (other.includes('/'))
    return { problem: `imports ${found.from}`, fix: 'a package has one door: import from @hagane/<name> itself' }
  if (wall.ours.includes(other)) return undefined
  if (other === 'runner' && mayImportRunner.some(folder => source.path.startsWith(folder))) return undefined
  const allowed = wall.ours.map(one => `@hagane/${one}`).join(', ') || 'no package of ours'
  return {
    problem: `imports ${found.from}; packages/${name} may import ${allowed}: ${wall.why}`,
    fix: 'move what both need into @hagane/contract, or ask over the API',
  }
}

function npmVerdict({ found, name, wall }: Case): Verdict {
  if (wall.npm === 'declared' || wall.npm.includes(npmNameOf(found.from))) return undefined
  return {
    problem: `imports ${found.from}; packages/${name} may import only ${wall.npm.join(', ')}: ${wall.why}`,
    fix: 'hand the result in as a parameter, or do the work in the package that may',
  }
}

function builtinVerdict({ source, found, name, wall }: Case): Verdict {
  if (!found.from.startsWith('node:')) return { problem: `imports ${found.from}`, fix: `write node:${found.from}` }
  if (wall.node || scriptsOfBrowserPackages.includes(source.path)) return undefined
  return {
    problem: `imports ${found.from}; packages/${name} must load in a browser: ${wall.why}`,
    fix: 'let the caller hand in what it read',
  }
}

function verdictOf(one: Case): Verdict {
  const { from } = one.found
  if (from.startsWith('.')) return relativeVerdict(one)
  if (isTest(one.source.path) && (testTools.includes(npmNameOf(from)) || from.startsWith('node:'))) return undefined
  if (from.startsWith('@hagane/')) return oursVerdict(one)
  if (isBuiltin(from)) return builtinVerdict(one)
  return npmVerdict(one)
}

/** What one file of a package imports against its package's row of the table. */
export function packageFindings(source: Source): Finding[] {
  const name = packageOf(source.path)
  const wall = packageWalls[name]
  if (wall === undefined)
    return [
      {
        file: source.path,
        problem: `packages/${name} has no row in the table of walls`,
        fix: `add '${name}' to packageWalls in tools/walls.ts with what it may import, and why`,
      },
    ]
  return source.imports.flatMap(found => {
    const verdict = verdictOf({ source, found, name, wall })
    return verdict === undefined ? [] : [{ file: source.path, line: found.line, ...verdict }]
  })
}
