/**
 * No import cycles, neither between files nor between folders; type imports count.
 * Reason: in a cycle no part can be read, tested or moved alone, and which module is ready first depends on who was
 * loaded first. Between a folder and the folder that holds it an import may go both ways.
 */
import { dirname } from 'node:path/posix'
import type { Finding } from './finding.ts'
import { isTest, type Tree, targetOf } from './source-tree.ts'

type Graph = ReadonlyMap<string, ReadonlySet<string>>

function fileGraph(tree: Tree): Graph {
  const targets = (source: Tree['sources'][number]) =>
    source.imports.map(found => targetOf(source, found)).filter(target => target !== undefined)
  return new Map(
    tree.sources.map(source => [
      source.path,
      new Set(targets(source).filter(target => tree.bySourcePath.has(target) && target !== source.path)),
    ]),
  )
}

const holds = (outer: string, inner: string): boolean => inner === outer || inner.startsWith(`${outer}/`)

/** Tests are left out: one may use anything, and nothing imports a test. So is testkit, which only they import. */
function folderGraph(files: Graph): Graph {
  const folders = new Map<string, Set<string>>()
  for (const [path, targets] of files) {
    if (isTest(path) || path.startsWith('packages/testkit/')) continue
    const folder = dirname(path)
    const edges = folders.get(folder) ?? new Set()
    for (const target of targets) {
      const other = dirname(target)
      if (!holds(folder, other) && !holds(other, folder)) edges.add(other)
    }
    folders.set(folder, edges)
  }
  return folders
}

/** The shortest way from `start` back to itself that stays clear of `closed`. */
function shortestCycle(graph: Graph, start: string, closed: ReadonlySet<string>): string[] | undefined {
  const cameFrom = new Map<string, string>()
  const queue = [start]
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    for (const next of graph.get(node) ?? []) {
      if (next === start) return trailOf(cameFrom, start, node)
      if (closed.has(next) || cameFrom.has(next)) continue
      cameFrom.set(next, node)
      queue.push(next)
    }
  }
  return undefined
}

function trailOf(cameFrom: ReadonlyMap<string, string>, start: string, end: string): string[] {
  const trail = [start]
  for (let node = end; node !== start; node = cameFrom.get(node) ?? start) trail.unshift(node)
  return [start, ...trail]
}

/** One cycle for each knot: the shortest through its first member; its members are not reported again. */
export function cyclesOf(graph: Graph): string[][] {
  const closed = new Set<string>()
  const cycles: string[][] = []
  for (const node of [...graph.keys()].sort()) {
    if (closed.has(node)) continue
    const cycle = shortestCycle(graph, node, closed)
    if (cycle !== undefined) {
      cycles.push(cycle)
      for (const member of cycle) closed.add(member)
    }
    closed.add(node)
  }
  return cycles
}

/** The imports that make folder `from` depend on folder `to`, to name in the message. */
function crossings(files: Graph, from: string, to: string): string {
  const pairs = [...files].flatMap(([path, targets]) =>
    dirname(path) === from && !isTest(path)
      ? [...targets].filter(target => dirname(target) === to).map(target => `${path} -> ${target}`)
      : [],
  )
  return pairs.slice(0, 2).join(', ')
}

export function checkCycles(tree: Tree): Finding[] {
  const files = fileGraph(tree)
  const ofFiles = cyclesOf(files).map(cycle => ({
    file: cycle[0] ?? '',
    problem: `import cycle: ${cycle.join(' -> ')}`,
    fix: 'move what both need into a third file that imports neither',
  }))
  const ofFolders = cyclesOf(folderGraph(files)).map(cycle => ({
    file: cycle[0] ?? '',
    problem: `folder cycle: ${cycle.map((folder, at) => (at === 0 ? folder : `-> ${folder} (${crossings(files, cycle[at - 1] ?? '', folder)})`)).join(' ')}`,
    fix: 'let one folder own the shared type or function, or put it into the folder that holds both',
  }))
  return [...ofFiles, ...ofFolders]
}
