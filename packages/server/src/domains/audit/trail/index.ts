import {
  type AuditTrail,
  auditTrailRoutes,
  HaganeError,
  type LineageGraph,
  type LineageNode,
  type PredictionRecord,
  type TrailEntry,
} from '@hagane/contract'
import type { Database } from '../../../kernel/db/index.ts'
import { type EventLog, type EventRow, toRecord } from '../../../kernel/events/index.ts'
import { type BoundRoute, implement } from '../../../kernel/http/index.ts'
import { eventById, eventsAbout, seqAt } from './event-reads.ts'
import { keepMentions } from './mention-store.ts'
import { sentenceOf } from './sentences.ts'
import { servedThen } from './served.ts'
import { subjectsOf, thingsOf } from './things.ts'

export interface TrailNeeds {
  db: Database
  events: EventLog
  /** What stands behind a thing, or what came of it. Throws not_found. */
  lineage(workspace: string, of: string, direction: 'up' | 'down', depth: number): Promise<LineageGraph>
  /** The record of a prediction of an online endpoint, without what was collected of it. */
  locatePrediction(workspace: string, id: string): Promise<{ record: PredictionRecord } | undefined>
  /** Files of a stored tree, by digest; nothing when it is not here. */
  files(tree: string): Promise<{ path: string; digest: string; size: number }[]>
}

const PER_THING = 200
const MOST = 2000
const MOST_FILES = 200
const MODEL_CREATED = 'dev.hagane.model.version-created'
const order = ['commit', 'code', 'data', 'component', 'environment', 'job', 'model', 'deployment', 'prediction']

/** Stories: what the chain says of a thing and of all that it came from, in order. */
export function buildTrails(needs: TrailNeeds): BoundRoute[] {
  const { db } = needs
  const mentions = needs.events.consume('audit-mentions', async batch => {
    const rows = batch.flatMap(event => {
      const things = thingsOf(toRecord(event))
      return things.map(thing => ({ workspace: event.workspace, thing, seq: event.seq }))
    })
    await keepMentions(db, rows)
  })

  async function gather(workspace: string, things: Iterable<string>, until: number): Promise<Map<number, EventRow>> {
    const found = new Map<number, EventRow>()
    for (const thing of things)
      for (const row of await eventsAbout(db, { workspace, thing, until, limit: PER_THING })) found.set(row.seq, row)
    return found
  }

  /** With what set these events off, and what else it set off. */
  async function correlated(workspace: string, rows: Map<number, EventRow>, until: number): Promise<void> {
    const ids = new Set([...rows.values()].map(row => correlationOf(row)).filter(id => id !== undefined))
    for (const id of [...ids].slice(0, 50)) {
      const cause = await eventById(db, workspace, id)
      if (cause !== undefined) rows.set(cause.seq, cause)
      for (const [seq, row] of await gather(workspace, [`correlation/${id}`], until)) rows.set(seq, row)
    }
  }

  /** Other versions that a job of these has made are told of a job alone. */
  async function story(workspace: string, things: ReadonlySet<string>, until: number, isOfJob = false) {
    await mentions.catchUp()
    const rows = await gather(workspace, things, until)
    await correlated(workspace, rows, until)
    const isSibling = ({ type, subject }: EventRow) => type === MODEL_CREATED && !things.has(subject)
    const all = [...rows.values()].filter(row => isOfJob || !isSibling(row)).sort((a, b) => a.seq - b.seq)
    return { story: all.slice(-MOST).map(entryOf), left_out: Math.max(0, all.length - MOST) }
  }

  async function withFiles(node: LineageNode): Promise<LineageNode> {
    const { tree } = node.facts
    if (node.kind !== 'model' || typeof tree !== 'string') return node
    const files = await needs.files(tree)
    return { ...node, facts: { ...node.facts, files: files.slice(0, MOST_FILES) } }
  }

  const chapters = (nodes: readonly LineageNode[]): Promise<LineageNode[]> =>
    Promise.all(
      nodes
        .filter(({ kind }) => order.includes(kind))
        .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || b.depth - a.depth)
        .map(withFiles),
    )

  async function ofEndpoint(workspace: string, endpoint: string, at: string | undefined): Promise<AuditTrail> {
    const time = at ?? db.clock.now().toISOString()
    const until = await seqAt(db, time)
    const { served, decision } = await servedThen(db, { workspace, endpoint, until })
    const deployments = served.map(({ deployment }) => `deployment/${endpoint}/${deployment}`)
    const models = await Promise.all(
      served.flatMap(({ model }) =>
        model === undefined ? [] : [behind(workspace, `model:${model.replace(/^azureml:/, '')}`)],
      ),
    )
    const nodes = unique(models.flat())
    const things = new Set([`endpoint/${endpoint}`, ...deployments, ...nodes.flatMap(subjectsOf)])
    return {
      ...{ of: `endpoint:${endpoint}`, workspace, at: time, served },
      ...(decision === undefined ? {} : { decided_by: entryOf(decision) }),
      facts: await chapters(nodes),
      ...(await story(workspace, things, until)),
    }
  }

  /** What stands behind something that lineage may not know. */
  const behind = async (workspace: string, of: string): Promise<LineageNode[]> =>
    (await needs.lineage(workspace, of, 'up', 30).catch(ifUnknown))?.nodes ?? []

  async function ofPrediction(workspace: string, of: string): Promise<AuditTrail> {
    const id = of.slice('prediction:'.length)
    const record = (await needs.locatePrediction(workspace, id))?.record
    const nodes =
      record === undefined
        ? (await needs.lineage(workspace, of, 'up', 30)).nodes
        : [predictionNode(id, record), ...(await behind(workspace, deploymentOf(record)))]
    const root = nodes.find(({ kind }) => kind === 'prediction')
    const { time, endpoint } = (root?.facts ?? {}) as { time?: string; endpoint?: string }
    const at = time ?? db.clock.now().toISOString()
    const until = await seqAt(db, at)
    const then =
      endpoint === undefined ? undefined : await servedThen(db, { workspace, endpoint, until }).catch(ifUnknown)
    const things = new Set([...nodes.flatMap(subjectsOf), ...(endpoint === undefined ? [] : [`endpoint/${endpoint}`])])
    return {
      ...{ of, workspace, at },
      ...(then === undefined ? {} : { served: then.served }),
      ...(then?.decision === undefined ? {} : { decided_by: entryOf(then.decision) }),
      facts: await chapters(nodes),
      ...(await story(workspace, things, until)),
    }
  }

  async function show(workspace: string, of: string, at: string | undefined): Promise<AuditTrail> {
    if (of.startsWith('endpoint:')) return ofEndpoint(workspace, of.slice('endpoint:'.length), at)
    if (at !== undefined)
      throw new HaganeError('invalid', `at: a time is for an endpoint, not for ${of}`, {
        details: [{ property: 'at', message: 'only with endpoint:<name>', sent: at }],
      })
    if (of.startsWith('prediction:')) return ofPrediction(workspace, of)
    const up = await needs.lineage(workspace, of, 'up', 30)
    const down = of.startsWith('model:') ? (await needs.lineage(workspace, of, 'down', 1)).nodes : []
    const nodes = unique([...up.nodes, ...down])
    const things = new Set(nodes.flatMap(subjectsOf))
    return {
      of,
      workspace,
      facts: await chapters(nodes),
      ...(await story(workspace, things, Number.MAX_SAFE_INTEGER, of.startsWith('job:'))),
    }
  }

  return [implement(auditTrailRoutes.show, call => show(call.workspace, call.query.of, call.query.at))]
}

const deploymentOf = ({ endpoint, deployment, revision }: PredictionRecord): string =>
  `deployment:${endpoint}/${deployment}@${revision}`

const predictionNode = (id: string, record: PredictionRecord): LineageNode => ({
  ...{ id: `prediction:${id}`, kind: 'prediction', name: id, depth: 0 },
  facts: { ...record },
})

const unique = (nodes: readonly LineageNode[]): LineageNode[] => [
  ...new Map(nodes.map(node => [node.id, node])).values(),
]

const correlationOf = (row: EventRow): string | undefined => {
  const { correlation_id } = toRecord(row).data
  return typeof correlation_id === 'string' ? correlation_id : undefined
}

function entryOf(row: EventRow): TrailEntry {
  const event = toRecord(row)
  const { seq, time, actor, type, subject } = event
  const correlation_id = correlationOf(row)
  return {
    seq,
    time,
    actor,
    type,
    subject,
    says: sentenceOf(event),
    ...(correlation_id === undefined ? {} : { correlation_id }),
  }
}

function ifUnknown(error: unknown): undefined {
  if (error instanceof HaganeError && error.kind === 'not_found') return undefined
  throw error
}
