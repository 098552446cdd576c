import { Readable } from 'node:stream'
import {
  HaganeError,
  type LineageEdge,
  type LineageGraph,
  type LineageNode,
  lineageRoutes,
  openLineageRoutes,
} from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import type { EventLog } from '../../kernel/events/index.ts'
import { toRecord } from '../../kernel/events/index.ts'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import type { Logger } from '../../kernel/log.ts'
import { graphOfEvent } from './graph-of-event.ts'
import { runEventLines } from './openlineage/index.ts'
import { type Receiver, sendRunEvents } from './openlineage/send.ts'
import { edgesOf, latestNode, nodesById, toNode } from './reads.ts'
import { type RecallNeeds, recalledLines, recallOf } from './recall.ts'
import { storeGraphs } from './store.ts'

/** A recorded prediction and the deployment revision that made it. */
export interface PredictionFacts {
  endpoint: string
  deployment: string
  revisionId: string
  time: string
  /** The node that made it, when that is not the deployment. */
  start?: string
  facts: Record<string, unknown>
}

interface Deps {
  db: Database
  events: EventLog
  log: Logger
  /** Who is told of jobs as run events of OpenLineage; undefined for nobody. */
  receiver: Receiver | undefined
  /** undefined when no such prediction was recorded. */
  findPrediction: (workspace: string, id: string) => Promise<PredictionFacts | undefined>
  /** What the revisions of deployments have predicted. */
  predictions: Pick<RecallNeeds, 'predictionFiles' | 'predictionLines'>
  /** Parameters and metrics of a job's run, to show beside it. */
  runFacts: (workspace: string, name: string) => Promise<Record<string, unknown>>
}

export interface Lineage {
  routes: BoundRoute[]
  /** The jobs or runs that made a model version, `<name>:<version>`, or the version that it was shared from. */
  makersOf(workspace: string, model: string): Promise<string[]>
  /** What stands behind a thing (up), or what came of it (down), so many steps away. Throws not_found. */
  graph(workspace: string, of: string, direction: 'up' | 'down', depth: number): Promise<LineageGraph>
}

const MAX_NODES = 2000

/** Where things come from and what came of them: a view of the event chain, which can be rebuilt from it at any time. */
export function buildLineage({ db, events, findPrediction, predictions, runFacts, log, receiver }: Deps): Lineage {
  const consumer = events.consume('lineage', async batch => {
    const graphs = batch
      .map(event => ({ event, graph: graphOfEvent(toRecord(event)) }))
      .filter(({ graph }) => graph.nodes.length > 0)
    if (graphs.length > 0) await storeGraphs(db, graphs)
  })

  if (receiver !== undefined) sendRunEvents({ db, events, log, caughtUp: () => consumer.catchUp() }, receiver)

  async function walk(
    workspace: string,
    root: LineageNode,
    start: string,
    direction: 'up' | 'down',
    depth: number,
  ): Promise<{ nodes: Map<string, number>; edges: LineageEdge[] }> {
    const nodes = new Map<string, number>([[start, root.id === start ? 0 : 1]])
    const edges: LineageEdge[] = []
    let frontier = [start]
    for (
      let level = root.id === start ? 1 : 2;
      level <= depth && frontier.length > 0 && nodes.size < MAX_NODES;
      level++
    ) {
      const found = (await edgesOf(db, workspace, frontier, direction)).filter(edge => isPath(edge, direction))
      edges.push(...found)
      frontier = [...new Set(found.map(edge => (direction === 'up' ? edge.to : edge.from)))].filter(
        id => !nodes.has(id),
      )
      for (const id of frontier) nodes.set(id, level)
    }
    return { nodes, edges }
  }

  async function show(
    workspace: string,
    of: string,
    direction: 'up' | 'down' | 'both',
    depth: number,
  ): Promise<LineageGraph> {
    await consumer.catchUp()
    const { root, start, edges: rootEdges } = await rootOf(workspace, of)
    const nodes = new Map<string, number>()
    const edges = [...rootEdges]
    for (const way of direction === 'both' ? (['up', 'down'] as const) : [direction]) {
      const part = await walk(workspace, root, start, way, depth)
      for (const [id, level] of part.nodes) if (!nodes.has(id)) nodes.set(id, level)
      edges.push(...part.edges)
    }
    const rows = await nodesById(db, workspace, [...nodes.keys()])
    const known = rows.map(row => toNode(row, nodes.get(row.id) ?? 0)).sort((a, b) => a.depth - b.depth)
    const all = root.id === start ? known : [root, ...known]
    return {
      root: root.id,
      nodes: await Promise.all(all.map(node => withFacts(workspace, node))),
      edges: unique(edges),
    }
  }

  async function rootOf(
    workspace: string,
    of: string,
  ): Promise<{ root: LineageNode; start: string; edges: LineageEdge[] }> {
    const [kind = '', name = ''] = [of.slice(0, of.indexOf(':')), of.slice(of.indexOf(':') + 1)]
    if (kind === 'prediction') return predictionRoot(workspace, name)
    const wanted =
      kind === 'deployment' && !name.includes('@')
        ? ((await latestNode(db, workspace, `deployment:${name}@`)) ?? of)
        : of
    const [row] = await nodesById(db, workspace, [wanted])
    if (row === undefined)
      throw new HaganeError('not_found', `nothing is known about '${of}' in workspace ${workspace}`, {
        hint: 'write job:<name>, model:<name>:<version>, data:<name>:<version>, prediction:<id>, deployment:<endpoint>/<name> or commit:<sha>',
      })
    return { root: toNode(row, 0), start: wanted, edges: [] }
  }

  async function predictionRoot(
    workspace: string,
    id: string,
  ): Promise<{ root: LineageNode; start: string; edges: LineageEdge[] }> {
    const found = await findPrediction(workspace, id)
    if (found === undefined)
      throw new HaganeError('not_found', `no prediction '${id}' was recorded in workspace ${workspace}`, {
        hint: 'the id stands in the answer header x-hagane-prediction-id; of a batch job, in the report it made',
      })
    const start = found.start ?? `deployment:${found.endpoint}/${found.deployment}@${found.revisionId}`
    const root: LineageNode = { id: `prediction:${id}`, kind: 'prediction', name: id, facts: found.facts, depth: 0 }
    return {
      root,
      start,
      edges: [{ from: root.id, to: start, relation: 'was made by', actor: 'gateway', time: found.time, event: 0 }],
    }
  }

  async function withFacts(workspace: string, node: LineageNode): Promise<LineageNode> {
    if (node.kind !== 'job') return node
    return { ...node, facts: { ...node.facts, ...(await runFacts(workspace, node.name)) } }
  }

  async function makersOf(workspace: string, model: string): Promise<string[]> {
    await consumer.catchUp()
    const edges = await edgesOf(db, workspace, [`model:${model}`], 'up')
    const origin = edges.find(({ relation, to }) => relation === 'was shared from' && to.startsWith('model:'))
    const found = edges.filter(({ relation, to }) => relation === 'was made by' && to.startsWith('job:'))
    if (found.length > 0 || origin === undefined) return [...new Set(found.map(({ to }) => to.slice('job:'.length)))]
    const more = await edgesOf(db, workspace, [origin.to], 'up')
    return more.flatMap(({ relation, to }) => (relation === 'was made by' ? [to.replace(/^job:/, '')] : []))
  }

  const recalling = { ...predictions, down: (workspace: string, of: string) => show(workspace, of, 'down', 50) }

  return {
    makersOf,
    graph: show,
    routes: [
      implement(openLineageRoutes.export, async call => {
        await consumer.catchUp()
        return {
          stream: Readable.from(runEventLines(db, call.workspace, call.query.after)),
          headers: { 'content-type': 'application/x-ndjson' },
        }
      }),
      implement(lineageRoutes.recall, call => recallOf(recalling, call.workspace, call.query.data)),
      implement(lineageRoutes.recallPredictions, async call => ({
        stream: Readable.from(await recalledLines(recalling, call.workspace, call.query.data)),
        headers: { 'content-type': 'application/x-ndjson' },
      })),
      implement(lineageRoutes.show, call =>
        show(call.workspace, call.query.of, call.query.direction, call.query.depth),
      ),
    ],
  }
}

/** Going down from a job must not lead through the people and endpoints that touch everything. */
const isPath = (edge: LineageEdge, direction: 'up' | 'down'): boolean =>
  direction === 'up' || !edge.to.startsWith('person:')

const unique = (edges: LineageEdge[]): LineageEdge[] => [
  ...new Map(edges.map(edge => [`${edge.from} ${edge.relation} ${edge.to}`, edge])).values(),
]
