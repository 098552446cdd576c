import type { BlobStore } from '../../kernel/blobs/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Database } from '../../kernel/db/index.ts'
import type { BoundRoute } from '../../kernel/http/index.ts'
import { buildDeploymentService } from './deployments.ts'
import { buildEndpointService } from './endpoints.ts'
import { buildInvocationService } from './invocations.ts'
import { findDeployment, findRevision, jobsBetween } from './reads.ts'
import { batchRouteTable } from './routes.ts'
import type { BatchFacts, BatchPrediction, BatchSources } from './types.ts'

export type { BatchPrediction } from './types.ts'

export interface Batch {
  routes: BoundRoute[]
  /** The job behind a prediction id that a batch job gave; undefined when none did. */
  findPrediction(workspace: string, id: string): Promise<BatchPrediction | undefined>
  /** The model of a deployment, `azureml:<name>:<version>`; undefined where there is no such deployment. */
  deployed(workspace: string, endpoint: string, name: string): Promise<{ model: string | undefined } | undefined>
  /** Jobs of a deployment that were started in a time and have completed, oldest first. */
  completed(workspace: string, of: { endpoint: string; deployment: string }, from: Date, to: Date): Promise<string[]>
}

interface Deps {
  db: Database
  blobs: BlobStore
  clock: Clock
  sources: BatchSources
  /** Address of this server, once it listens. */
  url: () => string
}

/** Batch endpoints: deployments of models and pipeline components; an invocation is a job. */
export function buildBatch({ db, blobs, clock, sources, url }: Deps): Batch {
  const deployments = buildDeploymentService(db, { blobs, sources })
  const invocations = buildInvocationService({ db, sources, deployments, now: () => clock.now() })
  return {
    routes: batchRouteTable(buildEndpointService({ db, url }), deployments, invocations),
    findPrediction: invocations.findPrediction,
    async deployed(workspace, endpoint, name) {
      const row = await findDeployment(db, workspace, endpoint, name)
      const revision = row === undefined ? undefined : await findRevision(db, row.revision_id)
      return revision === undefined ? undefined : { model: (JSON.parse(revision.facts) as BatchFacts).model?.id }
    },
    async completed(workspace, of, from, to) {
      const rows = await jobsBetween(db, workspace, of, from.toISOString(), to.toISOString())
      const jobs = await sources.jobs.named(
        workspace,
        rows.map(row => row.job),
      )
      const done = new Set(jobs.filter(job => job.status === 'Completed').map(job => job.name))
      return rows.map(row => row.job).filter(job => done.has(job))
    },
  }
}
