/**
 * No file over 300 lines, no function over 50 of its own: the bodies of functions inside it count for themselves, so a
 * `build…` that returns an object of small functions is measured like a class. Reason: in the code bases that we learn from, functions have 5 to 11
 * lines at the median and the few monsters are where it hurts; 300 lines is where a service was still easy to split.
 * Old sins stand in ratchet.json with the size they have. That list may only shrink:
 *
 *   node tools/check-sizes.ts --shrink    lowers each entry to today's size and drops those that are healed
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Finding } from './finding.ts'
import { type FunctionSize, isTest, readTree, type Tree } from './source-tree.ts'

const FILE_LINES = 300
const FUNCTION_LINES = 50
const ratchetPath = 'tools/ratchet.json'

type Ratchet = Readonly<Record<string, number>>

interface Oversize {
  readonly key: string
  readonly file: string
  readonly line?: number
  readonly lines: number
  readonly limit: number
  readonly what: string
}

/** A `describe` is one function, however long: in tests only the file counts. */
function oversizes(tree: Tree): Oversize[] {
  return tree.sources.flatMap(({ path, lines, functions }) => {
    const large = isTest(path) ? [] : ownLines(functions).filter(one => one.lines > FUNCTION_LINES)
    return [
      ...(lines > FILE_LINES ? [{ key: path, file: path, lines, limit: FILE_LINES, what: 'file' }] : []),
      ...large.map(one => ({
        key: `${path}#${one.name}`,
        file: path,
        line: one.line,
        lines: one.lines,
        limit: FUNCTION_LINES,
        what: `function ${one.name}`,
      })),
    ]
  })
}

/** Each function with the lines that no function inside it covers; the first line of an inner one counts for both. */
function ownLines(functions: readonly FunctionSize[]): FunctionSize[] {
  const sorted = functions.toSorted((a, b) => a.line - b.line || b.lines - a.lines)
  return sorted.map((one, i) => {
    let own = one.lines
    let covered = one.line
    for (const inner of sorted.slice(i + 1).filter(({ line, lines }) => line + lines <= one.line + one.lines)) {
      const end = inner.line + inner.lines - 1
      if (end <= covered) continue
      own -= end - Math.max(inner.line, covered)
      covered = end
    }
    return { ...one, lines: own }
  })
}

const fixes = {
  file: 'split it by verb or by noun; each half gets a name that says what it holds',
  function: 'give each step a function with a name; if it is a table, move the table out as data',
  ratchet: 'run `node tools/check-sizes.ts --shrink` and commit tools/ratchet.json',
}

function overLimit(found: Oversize, ratchet: Ratchet): Finding[] {
  const tolerated = ratchet[found.key]
  if (tolerated === undefined || found.lines > tolerated)
    return [
      {
        file: found.file,
        line: found.line,
        problem: `${found.what} has ${found.lines} lines, at most ${tolerated ?? found.limit} are allowed`,
        fix: found.what === 'file' ? fixes.file : fixes.function,
      },
    ]
  if (found.lines === tolerated) return []
  return [{ file: ratchetPath, problem: `${found.key} shrank from ${tolerated} to ${found.lines}`, fix: fixes.ratchet }]
}

function readRatchet(root: string): Ratchet {
  const path = join(root, ratchetPath)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Ratchet) : {}
}

/** The list as committed before the present change; undefined outside git or where it did not exist yet. */
function earlierRatchet(root: string, now: Ratchet): Ratchet | undefined {
  for (const revision of ['HEAD', 'HEAD^']) {
    const text = showAt(root, revision)
    if (text === undefined) return undefined
    const earlier = JSON.parse(text) as Ratchet
    if (JSON.stringify(earlier) !== JSON.stringify(now)) return earlier
  }
  return undefined
}

function showAt(root: string, revision: string): string | undefined {
  try {
    return execFileSync('git', ['-C', root, 'show', `${revision}:./${ratchetPath}`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch (error) {
    if ((error as { status?: number }).status !== undefined || (error as { code?: string }).code === 'ENOENT')
      return undefined
    throw error
  }
}

function grownEntries(now: Ratchet, earlier: Ratchet): Finding[] {
  return Object.entries(now)
    .filter(([key, lines]) => lines > (earlier[key] ?? 0))
    .map(([key, lines]) => ({
      file: ratchetPath,
      problem: `${key} was ${earlier[key] === undefined ? 'added' : `raised to ${lines}`}: the list may only shrink`,
      fix: 'take the entry back and split the file or function instead',
    }))
}

export function checkSizes(tree: Tree): Finding[] {
  const ratchet = readRatchet(tree.root)
  const large = oversizes(tree)
  const healed = Object.keys(ratchet).filter(key => !large.some(found => found.key === key))
  const earlier = earlierRatchet(tree.root, ratchet)
  return [
    ...large.flatMap(found => overLimit(found, ratchet)),
    ...healed.map(key => ({ file: ratchetPath, problem: `${key} is healed or gone`, fix: fixes.ratchet })),
    ...(earlier === undefined ? [] : grownEntries(ratchet, earlier)),
  ]
}

function shrink(root: string): void {
  const ratchet = readRatchet(root)
  const kept = oversizes(readTree(root)).filter(({ key }) => ratchet[key] !== undefined)
  const smaller = kept.map(({ key, lines }) => [key, Math.min(lines, ratchet[key] ?? lines)])
  writeFileSync(join(root, ratchetPath), `${JSON.stringify(Object.fromEntries(smaller), null, 2)}\n`)
}

if (import.meta.main && process.argv.includes('--shrink')) shrink(dirname(import.meta.dirname))
