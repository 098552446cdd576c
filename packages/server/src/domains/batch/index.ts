import type { BlobStore } from '../../kernel/blobs/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Database } from '../../kernel/db/index.ts'
import type { BoundRoute } from '../../kernel/http/index.ts'
import { buildDeploymentService } from './deployments.ts'
import { buildEndpointService } from './endpoints.ts'
import { buildInvocationService } from './invocations.ts'
import { batchRouteTable } from './routes.ts'
import type { BatchPrediction, BatchSources } from './types.ts'

export type { BatchPrediction } from './types.ts'

export interface Batch {
  routes: BoundRoute[]
  /** The job behind a prediction id that a batch job gave; undefined when none did. */
  findPrediction(workspace: string, id: string): Promise<BatchPrediction | undefined>
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
  }
}
