/**
 * Migrations are one numbered line: NNNN-name.ts, no number twice, each listed in index.ts in order, named like its
 * file, with a way up and a way down. Reason: two branches that both add 0042 merge without a conflict, and the
 * databases that ran one of them never see the other.
 */
import { basename } from 'node:path/posix'
import { parseSync, Visitor } from 'oxc-parser'
import type { Finding } from './finding.ts'
import { isTest, type Source, type Tree } from './source-tree.ts'

const folder = 'packages/server/src/migrations/'
const indexPath = `${folder}index.ts`
const pattern = /^(?<number>\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/

const stemOf = (path: string): string => basename(path, '.ts')

/** Property names and string literals of a migration's object: enough to see name, up and down. */
function contentOf({ path, text }: Source): { keys: Set<string>; names: Set<string> } {
  const keys = new Set<string>()
  const names = new Set<string>()
  new Visitor({
    Property: ({ key, value }) => {
      if (key.type === 'Identifier') keys.add(key.name)
      if (key.type === 'Identifier' && key.name === 'name' && value.type === 'Literal') names.add(String(value.value))
    },
    FunctionDeclaration: ({ id }) => {
      if (id !== null) keys.add(id.name)
    },
    VariableDeclarator: ({ id }) => {
      if (id.type === 'Identifier') keys.add(id.name)
    },
  }).visit(parseSync(path, text).program)
  return { keys, names }
}

function ofOne(source: Source): Finding[] {
  const { keys, names } = contentOf(source)
  const stem = stemOf(source.path)
  const missing = ['up', 'down'].filter(direction => !keys.has(direction))
  return [
    ...missing.map(direction => ({
      file: source.path,
      problem: `has no ${direction}()`,
      fix: 'write both directions; the migration test runs them up, down and up again',
    })),
    ...(names.size > 0 && !names.has(stem)
      ? [{ file: source.path, problem: `its name is not '${stem}'`, fix: 'a migration is named like its file' }]
      : []),
  ]
}

function numbering(paths: readonly string[]): Finding[] {
  const wrong = paths.filter(path => !pattern.test(basename(path)))
  const byNumber = Map.groupBy(paths, path => basename(path).slice(0, 4))
  const twice = [...byNumber.values()].filter(same => same.length > 1)
  return [
    ...wrong.map(path => ({
      file: path,
      problem: 'is not named NNNN-name.ts',
      fix: 'rename it, such as 0042-labels.ts',
    })),
    ...twice.map(same => ({
      file: same.at(-1) ?? '',
      problem: `has the same number as ${same.slice(0, -1).join(', ')}`,
      fix: 'give the one that is not yet released the next free number',
    })),
  ]
}

function listing(paths: readonly string[], index: Source | undefined): Finding[] {
  if (index === undefined)
    return [{ file: indexPath, problem: 'is missing', fix: 'list every migration in it, in order' }]
  const listed = index.imports.map(({ from }) => basename(from, '.ts')).filter(stem => /^\d{4}-/.test(stem))
  const forgotten = paths.map(stemOf).filter(stem => !listed.includes(stem))
  return [
    ...forgotten.map(stem => ({
      file: indexPath,
      problem: `does not list ${stem}`,
      fix: 'import it and add it to the list',
    })),
    ...orderFindings(index),
  ]
}

/** The order of the array decides the order of work, not the order of the imports. */
function orderFindings({ path, text }: Source): Finding[] {
  const { program, module } = parseSync(path, text)
  const stems = new Map(
    module.staticImports.flatMap(({ moduleRequest, entries }) =>
      entries.map(entry => [entry.localName.value, basename(moduleRequest.value, '.ts')] as const),
    ),
  )
  const order: string[] = []
  new Visitor({
    ArrayExpression: ({ elements }) => {
      for (const element of elements) if (element?.type === 'Identifier') order.push(stems.get(element.name) ?? '')
    },
  }).visit(program)
  const isOrdered = order.every((stem, at) => at === 0 || (order[at - 1] ?? '') < stem)
  return isOrdered ? [] : [{ file: path, problem: 'lists migrations out of order', fix: 'sort the list by number' }]
}

export function checkMigrations(tree: Tree): Finding[] {
  const all = tree.sources.filter(({ path }) => path.startsWith(folder) && path !== indexPath && !isTest(path))
  const migrations = all.filter(({ path }) => !path.slice(folder.length).includes('/') && /^\d/.test(basename(path)))
  const strays = all.filter(({ path }) => !/^\d/.test(basename(path)))
  if (migrations.length === 0) return []
  const paths = [...migrations, ...strays].map(({ path }) => path)
  return [
    ...numbering(paths),
    ...listing(
      migrations.map(({ path }) => path),
      tree.bySourcePath.get(indexPath),
    ),
    ...migrations.flatMap(ofOne),
  ]
}
