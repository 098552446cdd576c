import { HaganeError, secondsOfDuration, treeUri } from '@hagane/contract'
import { type Audit, buildAudit } from './domains/audit/index.ts'
import type { Batch, BatchPrediction } from './domains/batch/index.ts'
import type { Collection } from './domains/collection/index.ts'
import { deployedEnvironment, type Endpoints } from './domains/endpoints/index.ts'
import { buildExplanations, type Explanations } from './domains/explanations/index.ts'
import type { Jobs } from './domains/jobs/index.ts'
import type { Lineage, PredictionFacts } from './domains/lineage/index.ts'
import type { Models } from './domains/models/index.ts'
import type { Tracking } from './domains/tracking/index.ts'
import type { BlobStore } from './kernel/blobs/index.ts'
import type { Config } from './kernel/config.ts'
import type { Database } from './kernel/db/index.ts'
import type { EventLog } from './kernel/events/index.ts'
import type { Logger } from './kernel/log.ts'
import type { Secrets } from './kernel/secrets.ts'

/** What the kernel gives to them. */
interface ProofParts {
  config: Config
  serverId: string
  log: Logger
  db: Database
  blobs: BlobStore
  secrets: Secrets
  events: EventLog
}

interface Asked {
  jobs: Jobs
  models: Models
  endpoints: Endpoints
  collection: Collection
  lineage: Lineage
}

/** What proves and explains: both read what all the others have done. */
export function composeProofs(parts: ProofParts, asked: Asked): { audit: Audit; explanations: Explanations } {
  const { blobs, config } = parts
  const { jobs, models, endpoints, lineage } = asked
  const audit = buildAudit({
    ...parts,
    dataDir: config.dataDir,
    checkpointSeconds: secondsOfDuration(config.audit_checkpoint_interval),
    locatePrediction: endpoints.locatePrediction,
    lineage: lineage.graph,
    files: tree =>
      blobs.getTree(tree).then(
        ({ entries }) => [...entries],
        error => absent(error) ?? [],
      ),
  })
  const explanations = buildExplanations({
    ...parts,
    jobs,
    model: models.resolve,
    environmentOf: model => deployedEnvironment(blobs, undefined, model),
    trainingData: (workspace, model) => trainingData(lineage, workspace, model),
    prediction: (workspace, id) => predictionInputs(asked, workspace, id),
  })
  return { audit, explanations }
}

/** Tables that the jobs behind a model version have read, by reference. */
async function trainingData(lineage: Lineage, workspace: string, model: string): Promise<string[]> {
  const makers = await lineage.makersOf(workspace, model)
  const graphs = makers.map(job => lineage.graph(workspace, `job:${job}`, 'up', 1).catch(absent))
  const nodes = (await Promise.all(graphs)).flatMap(graph => graph?.nodes ?? [])
  return nodes.flatMap(({ kind, name, facts }) => {
    if (kind !== 'data') return []
    if (name.includes(':')) return [`azureml:${name}`]
    return typeof facts.tree === 'string' ? [treeUri(facts.tree)] : []
  })
}

async function predictionInputs({ endpoints, collection }: Asked, workspace: string, id: string) {
  const found = await endpoints.findPrediction(workspace, id)
  const model = found?.revision?.model?.id
  if (found === undefined || model === undefined)
    throw new HaganeError('not_found', `no prediction '${id}' of a model was recorded in workspace ${workspace}`, {
      hint: 'the id stands in the answer header x-hagane-prediction-id',
    })
  const { collected = [] } = await collection.ofPrediction(workspace, found.prediction.endpoint, id)
  return { model, inputs: collected.flatMap(({ inputs }) => (inputs === undefined ? [] : [inputs])) }
}

/** Who is told of jobs in the words of OpenLineage. */
const receiverOf = ({ openlineage_url: url, allow_private_urls: allowPrivate }: Config) =>
  url === undefined ? undefined : { url, allowPrivate }

/** What lineage shows beside its nodes, from the domains that know it. */
export function factsFrom(
  config: Config,
  tracking: Tracking,
  endpoints: Endpoints,
  collection: Collection,
  batch: Batch,
) {
  return {
    receiver: receiverOf(config),
    predictions: endpoints,
    async findPrediction(workspace: string, id: string): Promise<PredictionFacts | undefined> {
      const found = await endpoints.findPrediction(workspace, id)
      if (found === undefined) return batchFacts(await batch.findPrediction(workspace, id))
      const { endpoint, deployment, revision, time, ...facts } = found.prediction
      const collected = await collection.ofPrediction(workspace, endpoint, id)
      return { endpoint, deployment, revisionId: revision, time, facts: { time, ...facts, ...collected } }
    },
    runFacts: runFactsOf(tracking),
  }
}

/** Parameters and metrics of a run; nothing of one that is not there. */
export const runFactsOf =
  (tracking: Tracking) =>
  async (workspace: string, name: string): Promise<Record<string, unknown>> => {
    const run = await tracking.getRun(workspace, name).catch(absent)
    if (run === undefined) return {}
    const { params, metrics } = run.data
    return {
      params: Object.fromEntries(params.map(({ key, value }) => [key, value])),
      metrics: Object.fromEntries(metrics.map(({ key, value }) => [key, value])),
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
