import { type AuditProof, HaganeError, parsePredictionId } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import { eventsAfter } from '../../kernel/events/index.ts'
import type { ChainTree } from './chain-tree.ts'
import { CHECKPOINT, type Checkpoints, checkpointOf } from './checkpoints.ts'
import { eventLine } from './export.ts'
import { chainHead } from './reads.ts'
import type { SegmentTrees } from './segment-trees.ts'
import { rootedEvent } from './segments.ts'

/** A record of a prediction and where it stands. */
export interface PlacedPrediction {
  readonly record: { readonly id: string }
  readonly line: string
  readonly start: number
  readonly revisionId: string
  readonly segment: string
  readonly path: string
}

export interface ProofNeeds {
  db: Database
  tree: ChainTree
  trees: SegmentTrees
  checkpoints: Checkpoints
  /** Everything that was sealed before has its root in the chain. */
  segmentsCaughtUp(): Promise<void>
  locate(workspace: string, id: string): Promise<PlacedPrediction | undefined>
}

/** Ties a prediction to the oldest signed checkpoint that holds it, or to one that is signed now. Throws not_found, conflict. */
export async function provePrediction(needs: ProofNeeds, workspace: string, prediction: string): Promise<AuditProof> {
  const { db, tree, trees, checkpoints } = needs
  const placed = await needs.locate(workspace, prediction)
  if (placed === undefined) throw notRecorded(workspace, prediction)
  const { revisionId, segment, path, start, line } = placed
  await needs.segmentsCaughtUp()
  const event = await rootedEvent(db, revisionId, segment)
  if (event === undefined) throw notSealed(prediction)
  const inFile = await trees.prove(path, revisionId, segment, start)
  if (inFile.root !== JSON.parse(event.data).root)
    throw new HaganeError(
      'conflict',
      `the file that holds ${prediction} is not the one that event ${event.seq} names`,
      {
        hint: `compare its SHA-256 with the digest there: hagane audit list --subject "${event.subject}"`,
      },
    )
  const checkpoint = (await keptSince(needs, event.seq)) ?? (await checkpoints.signedAt((await chainHead(db)).seq))
  return {
    hagane_proof: 1,
    prediction,
    record: line,
    index: inFile.index,
    path: [...inFile.path],
    event: eventLine(event),
    event_path: await tree.path(event.seq - 1, checkpoint.size),
    checkpoint: checkpoint.note,
    public_key: checkpoint.public_key,
  }
}

/** The first kept checkpoint over an event: one that may be anchored elsewhere already. */
async function keptSince({ db, checkpoints }: ProofNeeds, seq: number) {
  const [row] = await eventsAfter(db, seq, 1, { type: CHECKPOINT })
  if (row === undefined) return undefined
  const checkpoint = checkpointOf(row)
  const [own] = checkpoint.size >= seq ? await checkpoints.own(checkpoint.size - 1, checkpoint.size) : []
  return own
}

const notRecorded = (workspace: string, id: string): HaganeError =>
  new HaganeError('not_found', `no record of prediction '${id}' is kept in workspace ${workspace}`, {
    hint:
      parsePredictionId(id) === undefined
        ? 'an id looks like pr-<revision>-<ulid>: it stands in the answer header x-hagane-prediction-id'
        : 'records that prediction_retention deleted have no proof; rows that a batch job scored are in the output of the job, which its own events name by digest',
  })

function notSealed(id: string): HaganeError {
  const hour = parsePredictionId(id)?.time ?? 0
  const over = new Date((Math.floor(hour / 3_600_000) + 1) * 3_600_000 + 120_000).toISOString()
  return new HaganeError('conflict', `the file that holds ${id} is still written, so it has no digest yet`, {
    hint: `ask again after ${over}: files are sealed when their hour is over, or when the deployment changes`,
  })
}
