import {
  type BatchDeploymentSpec,
  type BatchInvocation,
  HaganeError,
  type JobResource,
  type Page,
  parsePredictionId,
} from '@hagane/contract'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import { decodeCursor, pageFrom } from '../../kernel/http/index.ts'
import { newJobName, newUlid } from '../../kernel/ids.ts'
import type { DeploymentService } from './deployments.ts'
import { noEndpoint } from './endpoints.ts'
import { type Invocation, modelJob } from './model-job.ts'
import { pipelineJob } from './pipeline-job.ts'
import { findEndpoint, findJobOf, listJobs } from './reads.ts'
import { insertJob } from './store.ts'
import type { BatchFacts, BatchPrediction, BatchSources } from './types.ts'

interface Deps {
  db: Database
  sources: BatchSources
  deployments: DeploymentService
  now: () => Date
}

/** Jobs that batch endpoints start. */
export interface InvocationService {
  invoke(who: Who, endpoint: string, call: BatchInvocation): Promise<JobResource>
  list(
    workspace: string,
    of: { endpoint: string; deployment?: string | undefined },
    page: { limit: number; cursor?: string | undefined },
  ): Promise<Page<JobResource>>
  /** The job behind the id of one of its rows, or of all of them. */
  findPrediction(workspace: string, id: string): Promise<BatchPrediction | undefined>
}

export function buildInvocationService({ db, sources, deployments, now }: Deps): InvocationService {
  const chosen = async (workspace: string, endpoint: string, name: string | undefined): Promise<string> => {
    if (name !== undefined) return name
    const row = await findEndpoint(db, workspace, endpoint)
    if (row === undefined) throw noEndpoint(workspace, endpoint)
    if (row.default_deployment !== null) return row.default_deployment
    throw new HaganeError('conflict', `batch endpoint '${endpoint}' has no default deployment`, {
      hint: `name one with --deployment-name, or choose it: hagane batch-endpoint update -n ${endpoint} --set defaults.deployment_name=<name>`,
    })
  }
  return {
    async invoke(who, endpoint, call) {
      const name = await chosen(who.workspace, endpoint, call.deployment_name)
      const { row, revision } = await deployments.require(who.workspace, { endpoint, name })
      const revisionId = revision.revision_id
      const jobName = call.job_name ?? newJobName()
      const invocation: Invocation = {
        endpoint,
        deployment: name,
        revisionId,
        batchId: `pr-${revisionId}-${newUlid(now().getTime())}`,
        spec: JSON.parse(row.spec) as BatchDeploymentSpec,
        facts: JSON.parse(revision.facts) as BatchFacts,
        call,
        name: jobName,
      }
      const job = row.type === 'pipeline' ? await pipelineJob(sources, who.workspace, invocation) : modelJob(invocation)
      return sources.jobs.submit(who, { job }, tx => remember(tx, invocation, jobName))
    },
    async list(workspace, of, { limit, cursor }) {
      if ((await findEndpoint(db, workspace, of.endpoint)) === undefined) throw noEndpoint(workspace, of.endpoint)
      const before = decodeCursor(cursor, 2)?.map(String) as [string, string] | undefined
      const rows = await listJobs(db, workspace, of, { limit: limit + 1, before })
      const jobs = new Map(
        (
          await sources.jobs.named(
            workspace,
            rows.map(row => row.job),
          )
        ).map(job => [job.name, job]),
      )
      const page = pageFrom(
        rows,
        limit,
        row => row,
        row => [row.created_at, row.job],
      )
      return { ...page, items: page.items.flatMap(row => jobs.get(row.job) ?? []) }
    },
    async findPrediction(workspace, id) {
      const parsed = parsePredictionId(id)
      const row = parsed === undefined ? undefined : await findJobOf(db, workspace, parsed.id)
      if (parsed === undefined || row === undefined) return undefined
      const { job, endpoint, deployment, revision_id: revision, created_at: time } = row
      return { job, endpoint, deployment, revision, time, ...(parsed.row === undefined ? {} : { row: parsed.row }) }
    },
  }
}

/** In the transaction that stores the job: which deployment started it, and under which id its rows are known. */
async function remember(tx: Tx, invocation: Invocation, job: string): Promise<void> {
  const { endpoint, deployment, revisionId: revision_id, batchId: batch_id } = invocation
  await insertJob(tx, { job, endpoint, deployment, revision_id, batch_id })
  tx.append({
    type: 'dev.hagane.batch.invoked',
    subject: `batch-endpoint/${endpoint}`,
    data: { endpoint, deployment, revision_id, batch_id, job },
  })
}
