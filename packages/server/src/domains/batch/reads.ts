import type { Database } from '../../kernel/db/index.ts'
import type { BatchJobRow, BatchTables, DeploymentRow, EndpointRow, RevisionRow } from './tables.ts'

const on = (db: Database) => db.reads.withTables<BatchTables>()

export const findEndpoint = (db: Database, workspace: string, name: string): Promise<EndpointRow | undefined> =>
  on(db)
    .selectFrom('batch_endpoints')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('name', '=', name)
    .executeTakeFirst()

/** In the order of names, after the name given. */
export const listEndpoints = (db: Database, workspace: string, limit: number, after = ''): Promise<EndpointRow[]> =>
  on(db)
    .selectFrom('batch_endpoints')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('name', '>', after)
    .orderBy('name')
    .limit(limit)
    .execute()

export const findDeployment = (
  db: Database,
  workspace: string,
  endpoint: string,
  name: string,
): Promise<DeploymentRow | undefined> =>
  on(db)
    .selectFrom('batch_deployments')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('endpoint', '=', endpoint)
    .where('name', '=', name)
    .executeTakeFirst()

export const listDeployments = (db: Database, workspace: string, endpoint: string): Promise<DeploymentRow[]> =>
  on(db)
    .selectFrom('batch_deployments')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('endpoint', '=', endpoint)
    .orderBy('name')
    .execute()

export const findRevision = (db: Database, revisionId: string): Promise<RevisionRow | undefined> =>
  on(db).selectFrom('batch_revisions').selectAll().where('revision_id', '=', revisionId).executeTakeFirst()

/** The job whose rows have ids that begin like this. */
export const findJobOf = (db: Database, workspace: string, batchId: string): Promise<BatchJobRow | undefined> =>
  on(db)
    .selectFrom('batch_jobs')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('batch_id', '=', batchId)
    .executeTakeFirst()

/** Newest first, before the time and job given. */
export function listJobs(
  db: Database,
  workspace: string,
  of: { endpoint: string; deployment?: string | undefined },
  page: { limit: number; before?: readonly [time: string, job: string] | undefined },
): Promise<BatchJobRow[]> {
  let query = on(db)
    .selectFrom('batch_jobs')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('endpoint', '=', of.endpoint)
  if (of.deployment !== undefined) query = query.where('deployment', '=', of.deployment)
  const { before } = page
  if (before !== undefined)
    query = query.where(either =>
      either.or([
        either('created_at', '<', before[0]),
        either.and([either('created_at', '=', before[0]), either('job', '<', before[1])]),
      ]),
    )
  return query.orderBy('created_at', 'desc').orderBy('job', 'desc').limit(page.limit).execute()
}

/** Jobs of a deployment that were started in a time, oldest first. */
export const jobsBetween = (
  db: Database,
  workspace: string,
  of: { endpoint: string; deployment: string },
  from: string,
  to: string,
): Promise<BatchJobRow[]> =>
  on(db)
    .selectFrom('batch_jobs')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('endpoint', '=', of.endpoint)
    .where('deployment', '=', of.deployment)
    .where('created_at', '>=', from)
    .where('created_at', '<', to)
    .orderBy('created_at')
    .execute()
