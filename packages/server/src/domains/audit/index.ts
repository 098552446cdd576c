import { join } from 'node:path'
import { Readable } from 'node:stream'
import { auditRoutes, HaganeError, type PredictionRecord } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import { eventsAfter, eventsBefore, toRecord } from '../../kernel/events/index.ts'
import { type BoundRoute, EVERY_WORKSPACE, implement, numberCursor, pageFrom } from '../../kernel/http/index.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Secrets } from '../../kernel/secrets.ts'
import { buildChainTree } from './chain-tree.ts'
import { buildCheckpoints, type Checkpoints, checkpointOf } from './checkpoints.ts'
import { exportLines } from './export.ts'
import { feed, lastEventId } from './feed.ts'
import { type PlacedPrediction, type ProofNeeds, provePrediction } from './prove.ts'
import { SegmentTrees } from './segment-trees.ts'
import { rootSegments } from './segments.ts'
import { buildSigner, type Signer } from './signer.ts'
import { buildTrails, type TrailNeeds } from './trail/index.ts'
import { verifyAgainstCheckpoints } from './verification.ts'

export interface Audit {
  routes: BoundRoute[]
  /** Signs the chain from time to time. */
  start(): void
  stop(): void
}

interface Deps extends TrailNeeds {
  log: Logger
  secrets: Secrets
  serverId: string
  dataDir: string
  /** Age at which the last checkpoint is followed by another. */
  checkpointSeconds: number
  /** The record behind a prediction id of a workspace, and its place in a file. */
  locatePrediction(
    workspace: string,
    id: string,
  ): Promise<(PlacedPrediction & { record: PredictionRecord }) | undefined>
}

const CHECK_MS = 60_000

/** The event log as people read it and as it is proved to others: list, follow, verify, export, sign. Appending is the kernel's. */
export function buildAudit(deps: Deps): Audit {
  const { db, log } = deps
  const tree = buildChainTree(db)
  const signer = buildSigner(deps.secrets, deps.serverId)
  const checkpoints = buildCheckpoints(db, tree, signer)
  const trees = new SegmentTrees(join(deps.dataDir, 'audit', 'segments'))
  const segments = rootSegments({ ...deps, trees, gatewayDir: join(deps.dataDir, 'gateway') })
  const locate = deps.locatePrediction
  const needs: ProofNeeds = { db, tree, trees, checkpoints, locate, segmentsCaughtUp: () => segments.catchUp() }
  let timer: NodeJS.Timeout | undefined
  const sign = () =>
    void checkpoints
      .createIfDue(deps.checkpointSeconds)
      .catch(error => log.error({ err: error }, 'the event chain could not be signed'))
  return {
    routes: [...eventRoutes(db), ...proofRoutes(needs, signer), ...buildTrails(deps)],
    start() {
      timer = setInterval(sign, Math.min(CHECK_MS, deps.checkpointSeconds * 1000)).unref()
    },
    stop: () => clearInterval(timer),
  }
}

const eventRoutes = (db: Database): BoundRoute[] => [
  implement(auditRoutes.list, async call => {
    const { limit, cursor, type, subject, actor, correlation } = call.query
    const filter = { workspace: call.workspace, type, subject, actor, correlation }
    const from = numberCursor(cursor)
    // a chain of steps is read from its beginning
    const rows = await (correlation === undefined
      ? eventsBefore(db, from, limit + 1, filter)
      : eventsAfter(db, from ?? 0, limit + 1, filter))
    return pageFrom(rows, limit, toRecord, row => [row.seq])
  }),
  implement(auditRoutes.stream, async call => {
    const resume = lastEventId(call.headers['last-event-id']) ?? call.query.after
    const { type, subject, actor } = call.query
    const filter = { workspace: call.workspace, type, subject, actor }
    return {
      stream: Readable.from(feed(db, resume, filter, call.signal)),
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
    }
  }),
]

const proofRoutes = (needs: ProofNeeds, signer: Signer): BoundRoute[] => [
  implement(auditRoutes.verify, () => verifyAgainstCheckpoints(needs.db, needs.checkpoints)),
  implement(auditRoutes.export, async call => {
    // the chain holds only as a whole, and the whole tells of every workspace
    if (!call.caller.can('audit.read', EVERY_WORKSPACE))
      throw new HaganeError('forbidden', `${call.actor} may read the events of workspace ${call.workspace} only`, {
        hint: 'list them instead (`hagane event list`), or use a token that is not confined to one workspace',
      })
    return {
      stream: Readable.from(await exportLines(needs, call.query.after)),
      headers: {
        'content-type': 'application/x-ndjson',
        'content-disposition': 'attachment; filename="hagane-audit.jsonl"',
      },
    }
  }),
  implement(auditRoutes.key, async () => ({ origin: signer.origin, public_key: signer.publicKey })),
  implement(auditRoutes.createCheckpoint, call => needs.checkpoints.create(call)),
  implement(auditRoutes.checkpoints, call => listed(needs.checkpoints, call.query)),
  implement(auditRoutes.prove, call => provePrediction(needs, call.workspace, call.params.prediction)),
]

async function listed(checkpoints: Checkpoints, { limit, cursor }: { limit: number; cursor?: string | undefined }) {
  const rows = await checkpoints.page(numberCursor(cursor), limit + 1)
  return pageFrom(rows, limit, checkpointOf, row => [row.seq])
}
