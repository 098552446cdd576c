/**
 * Reads the tree once for all checks: which files there are and, for TypeScript, what a real parser says they import,
 * call and define. Regular expressions miss type imports, template strings and comments; a parser does not.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'

export interface Import {
  /** As written: `./store.ts`, `@hagane/contract`, `node:fs`, `kysely`. */
  readonly from: string
  readonly line: number
  /** `import type` or `import('…').T`: erased, so nothing is loaded. */
  readonly typeOnly: boolean
}

export interface FunctionSize {
  readonly name: string
  readonly line: number
  readonly lines: number
}

export interface Call {
  /** The name of the called method: `selectFrom` in `db.selectFrom('jobs')`. */
  readonly method: string
  readonly line: number
}

export interface Source {
  /** Relative to the root, with `/`. */
  readonly path: string
  readonly text: string
  readonly lines: number
  readonly imports: readonly Import[]
  /** Lines of `export * from …`. */
  readonly starExports: readonly number[]
  readonly functions: readonly FunctionSize[]
  readonly methodCalls: readonly Call[]
}

export interface Tree {
  readonly root: string
  /** Every file that is not ignored, relative to the root, with `/`. */
  readonly files: readonly string[]
  /** Every TypeScript file of ours, parsed. */
  readonly sources: readonly Source[]
  readonly bySourcePath: ReadonlyMap<string, Source>
}

/** The rule of .gitignore that this project uses: whole folders, by name or by path from the root. */
function ignoredFolders(root: string): readonly string[] {
  const file = join(root, '.gitignore')
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  return ['.git/', ...lines.map(line => line.trim()).filter(line => line.endsWith('/'))].map(line => line.slice(0, -1))
}

function* filesBelow(root: string, folder: string, ignored: readonly string[]): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = posix.join(folder, entry.name)
    // in a worktree `.git` is a file
    if (path === '.git') continue
    if (entry.isFile()) yield path
    else if (entry.isDirectory() && !ignored.includes(entry.name) && !ignored.includes(path))
      yield* filesBelow(root, path, ignored)
  }
}

const isTypeScript = (path: string): boolean => /(?<!\.d)\.m?ts$/.test(path)

export const isTest = (path: string): boolean => path.endsWith('.test.ts')

/** Line numbers of offsets, by bisection over the starts of the lines. */
function lineFinder(text: string): (offset: number) => number {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return offset => {
    let [low, high] = [0, starts.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return low + 1
  }
}

interface Node {
  readonly start: number
  readonly end: number
}

interface Keyed {
  readonly key: unknown
  readonly value: unknown
}

const nameOf = (node: unknown): string => {
  const { name, value } = (node ?? {}) as { name?: unknown; value?: unknown }
  return String(name ?? value ?? '')
}

function collectorOf(lineOf: (offset: number) => number) {
  const functions: FunctionSize[] = []
  const methodCalls: Call[] = []
  const typeImports: Import[] = []
  const names = new Map<unknown, string>()
  const measure = (node: Node & { id?: unknown }) => {
    const line = lineOf(node.start)
    const name = names.get(node) || nameOf(node.id) || 'anonymous'
    functions.push({ name, line, lines: lineOf(node.end) - line + 1 })
  }
  const noteKey = ({ key, value }: Keyed) => void names.set(value, nameOf(key))
  const visitor = new Visitor({
    VariableDeclarator: node => void names.set(node.init, nameOf(node.id)),
    Property: noteKey,
    PropertyDefinition: noteKey,
    MethodDefinition: noteKey,
    FunctionDeclaration: measure,
    FunctionExpression: measure,
    ArrowFunctionExpression: measure,
    CallExpression: ({ callee }) => {
      if (callee.type === 'MemberExpression' && !callee.computed)
        methodCalls.push({ method: nameOf(callee.property), line: lineOf(callee.property.start) })
    },
    TSImportType: node =>
      void typeImports.push({ from: nameOf(node.source), line: lineOf(node.start), typeOnly: true }),
  })
  return { visitor, functions, methodCalls, typeImports }
}

type Module = ReturnType<typeof parseSync>['module']

function importsOf(module: Module, text: string, lineOf: (offset: number) => number): Import[] {
  const isErased = (start: number): boolean => /^(?:import|export)\s+type\b/.test(text.slice(start, start + 40))
  const statics = module.staticImports.map(found => ({
    from: found.moduleRequest.value,
    line: lineOf(found.start),
    typeOnly: isErased(found.start),
  }))
  const again = module.staticExports.flatMap(found => {
    const from = found.entries[0]?.moduleRequest?.value
    return from === undefined ? [] : [{ from, line: lineOf(found.start), typeOnly: isErased(found.start) }]
  })
  const dynamics = module.dynamicImports.flatMap(({ moduleRequest: { start, end } }) => {
    const literal = /^(['"])(?<from>.*)\1$/s.exec(text.slice(start, end))?.groups?.from
    return literal === undefined ? [] : [{ from: literal, line: lineOf(start), typeOnly: false }]
  })
  return [...statics, ...again, ...dynamics]
}

/** Parses one file. Throws with its path and line when it is not TypeScript. */
export function parseSource(path: string, text: string): Source {
  const { program, module, errors } = parseSync(path, text)
  const lineOf = lineFinder(text)
  const [error] = errors
  if (error !== undefined) throw new Error(`${path}:${lineOf(error.labels[0]?.start ?? 0)} ${error.message}`)
  const { visitor, functions, methodCalls, typeImports } = collectorOf(lineOf)
  visitor.visit(program)
  const stars = module.staticExports.filter(found =>
    found.entries.some(entry => entry.importName.kind === 'AllButDefault'),
  )
  return {
    path,
    text,
    lines: text === '' ? 0 : text.trimEnd().split('\n').length,
    imports: [...importsOf(module, text, lineOf), ...typeImports].sort((a, b) => a.line - b.line),
    starExports: stars.map(found => lineOf(found.start)),
    functions,
    methodCalls,
  }
}

export function readTree(root: string): Tree {
  const files = [...filesBelow(root, '', ignoredFolders(root))].sort()
  const sources = files.filter(isTypeScript).map(path => parseSource(path, readFileSync(join(root, path), 'utf8')))
  return { root, files, sources, bySourcePath: new Map(sources.map(source => [source.path, source])) }
}

/** The file of ours that an import means, or undefined for a package from elsewhere. */
export function targetOf(source: Source, { from }: Import): string | undefined {
  if (from.startsWith('.')) return posix.join(posix.dirname(source.path), from)
  const name = /^@hagane\/(?<name>[^/]+)$/.exec(from)?.groups?.name
  return name === undefined ? undefined : `packages/${name}/src/index.ts`
}
