import type { LineageEdge, LineageGraph, LineageNode } from '@hagane/contract'
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
  const facts = new Map(graph.nodes.map(node => [node.id, factsOf(node)]))
  const lines = [oneLine(graph.root) + (facts.get(graph.root) ?? '')]
  const drawn = new Set([graph.root])
  const draw = (id: string, indent: string, directions: readonly Towards[]) => {
    const branches = directions.flatMap(towards => branchesOf(graph.edges, id, towards))
    for (const [index, { next, towards, text }] of branches.entries()) {
      const last = index === branches.length - 1
      const known = drawn.has(next)
      lines.push(`${indent}${last ? '└─' : '├─'} ${oneLine(text)}${known ? '  (see above)' : (facts.get(next) ?? '')}`)
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

const MAX_FACTS = 160
/** What a reader asks first of each kind; everything else is in `-o json`. */
const shown: Partial<Record<LineageNode['kind'], readonly string[]>> = {
  prediction: ['time', 'rows', 'latency_ms', 'mirror_of', 'collected'],
  deployment: ['runtime'],
  model: ['source'],
  job: ['step', 'experiment', 'params', 'metrics'],
  data: ['type', 'source'],
  environment: ['python', 'packages'],
  commit: ['branch', 'remote', 'dirty'],
}

/** `  (step train, params max_iter=150 learning_rate=0.1)`, cut to a line. */
function factsOf({ kind, facts }: LineageNode): string {
  const parts = (shown[kind] ?? []).flatMap(name => {
    const text = factText(facts[name])
    return text === '' ? [] : [`${name} ${text}`]
  })
  const line = oneLine(parts.join(', '))
  if (line === '') return ''
  return `  (${line.length > MAX_FACTS ? `${line.slice(0, MAX_FACTS)}…` : line})`
}

function factText(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'object') return String(value)
  return Object.entries(value)
    .map(
      ([key, item]) =>
        `${key}=${typeof item === 'number' ? Number(item.toPrecision(4)) : typeof item === 'object' ? JSON.stringify(item) : String(item)}`,
    )
    .join(' ')
}

const oneLine = (text: string) => harmless(text).replaceAll('\n', ' ')
