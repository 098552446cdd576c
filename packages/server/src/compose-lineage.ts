import { HaganeError, secondsOfDuration } from '@hagane/contract'
import type { Batch, BatchPrediction } from './domains/batch/index.ts'
import type { Collection } from './domains/collection/index.ts'
import type { Endpoints } from './domains/endpoints/index.ts'
import type { Lineage, PredictionFacts } from './domains/lineage/index.ts'
import type { Tracking } from './domains/tracking/index.ts'
import type { BlobStore } from './kernel/blobs/index.ts'
import type { Config } from './kernel/config.ts'

/** What the audit trail proves beside events: predictions. */
export const audited = <P extends { config: Config; blobs: BlobStore }>(
  parts: P,
  { locatePrediction }: Endpoints,
  lineage: Lineage,
) => ({
  ...parts,
  lineage: lineage.graph,
  files: (tree: string) =>
    parts.blobs.getTree(tree).then(
      ({ entries }) => entries,
      error => absent(error) ?? [],
    ),
  dataDir: parts.config.dataDir,
  checkpointSeconds: secondsOfDuration(parts.config.audit_checkpoint_interval),
  locatePrediction,
})

/** What lineage shows beside its nodes, from the domains that know it. */
export function factsFrom(tracking: Tracking, endpoints: Endpoints, collection: Collection, batch: Batch) {
  return {
    predictions: endpoints,
    async findPrediction(workspace: string, id: string): Promise<PredictionFacts | undefined> {
      const found = await endpoints.findPrediction(workspace, id)
      if (found === undefined) return batchFacts(await batch.findPrediction(workspace, id))
      const { endpoint, deployment, revision, time, ...facts } = found.prediction
      const collected = await collection.ofPrediction(workspace, endpoint, id)
      return { endpoint, deployment, revisionId: revision, time, facts: { time, ...facts, ...collected } }
    },
    async runFacts(workspace: string, name: string): Promise<Record<string, unknown>> {
      const run = await tracking.getRun(workspace, name).catch(absent)
      if (run === undefined) return {}
      const { params, metrics } = run.data
      return {
        params: Object.fromEntries(params.map(({ key, value }) => [key, value])),
        metrics: Object.fromEntries(metrics.map(({ key, value }) => [key, value])),
      }
    },
  }
}

/** A row that a batch job has scored leads to the job, and from there to its data and its deployment. */
function batchFacts(found: BatchPrediction | undefined): PredictionFacts | undefined {
  if (found === undefined) return undefined
  const { endpoint, deployment, revision: revisionId, job, time, row } = found
  const facts = { time, job, endpoint, deployment, ...(row === undefined ? {} : { row }) }
  return { endpoint, deployment, revisionId, time, start: `job:${job}`, facts }
}

/** A model may name a run that was never logged here. */
export function absent(error: unknown): undefined {
  if (error instanceof HaganeError && error.kind === 'not_found') return undefined
  throw error
}
