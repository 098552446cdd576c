import type { LineageEdge, LineageGraph } from '@hagane/contract'
import { harmless } from '../terminal/terminal.ts'

type Towards = 'up' | 'down'

interface Branch {
  readonly next: string
  readonly towards: Towards
  readonly text: string
}

/**
 * Draws a lineage graph as a tree from its root: `ran code  code:1f2e…` leads to what a thing was made of,
 * `job:b  read as data` to what was made of it. A thing that was drawn before appears again without its branches.
 */
export function drawLineage(graph: LineageGraph, direction: Towards | 'both'): string {
  const lines = [oneLine(graph.root)]
  const drawn = new Set([graph.root])
  const draw = (id: string, indent: string, directions: readonly Towards[]) => {
    const branches = directions.flatMap(towards => branchesOf(graph.edges, id, towards))
    for (const [index, { next, towards, text }] of branches.entries()) {
      const last = index === branches.length - 1
      const known = drawn.has(next)
      lines.push(`${indent}${last ? '└─' : '├─'} ${oneLine(text)}${known ? '  (see above)' : ''}`)
      drawn.add(next)
      if (!known) draw(next, `${indent}${last ? '   ' : '│  '}`, [towards])
    }
  }
  draw(graph.root, '', direction === 'both' ? ['up', 'down'] : [direction])
  return `${lines.join('\n')}\n`
}

/** An edge reads "<from> <relation> <to>": what a thing was made of is where its edges lead. */
function branchesOf(edges: readonly LineageEdge[], id: string, towards: Towards): Branch[] {
  return towards === 'up'
    ? edges
        .filter(edge => edge.from === id)
        .map(edge => ({ next: edge.to, towards, text: `${edge.relation}  ${edge.to}` }))
    : edges
        .filter(edge => edge.to === id)
        .map(edge => ({ next: edge.from, towards, text: `${edge.from}  ${edge.relation}` }))
}

const oneLine = (text: string) => harmless(text).replaceAll('\n', ' ')
