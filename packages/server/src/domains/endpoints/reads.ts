import type { Database } from '../../kernel/db/index.ts'
import type { DeploymentRow, EndpointRow, EndpointTables, RevisionRow } from './tables.ts'

const on = (db: Database) => db.reads.withTables<EndpointTables>()

export const findEndpoint = (db: Database, workspace: string, name: string): Promise<EndpointRow | undefined> =>
  on(db)
    .selectFrom('online_endpoints')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('name', '=', name)
    .executeTakeFirst()

/** In the order of names, after the name given. */
export const listEndpoints = (db: Database, workspace: string, limit: number, after = ''): Promise<EndpointRow[]> =>
  on(db)
    .selectFrom('online_endpoints')
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
    .selectFrom('online_deployments')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('endpoint', '=', endpoint)
    .where('name', '=', name)
    .executeTakeFirst()

export const listDeployments = (db: Database, workspace: string, endpoint: string): Promise<DeploymentRow[]> =>
  on(db)
    .selectFrom('online_deployments')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('endpoint', '=', endpoint)
    .orderBy('name')
    .execute()

/** Everything the routing table is made of, in an order that does not change. */
export async function allForTable(db: Database): Promise<{ endpoints: EndpointRow[]; deployments: DeploymentRow[] }> {
  const endpoints = on(db).selectFrom('online_endpoints').selectAll().orderBy('workspace').orderBy('name').execute()
  const deployments = on(db)
    .selectFrom('online_deployments')
    .selectAll()
    .where('entry', 'is not', null)
    .orderBy('workspace')
    .orderBy('endpoint')
    .orderBy('name')
    .execute()
  return { endpoints: await endpoints, deployments: await deployments }
}

export const hasEndpoints = async (db: Database): Promise<boolean> =>
  (await on(db).selectFrom('online_endpoints').select('name').limit(1).executeTakeFirst()) !== undefined

export const findRevision = (db: Database, revisionId: string): Promise<RevisionRow | undefined> =>
  on(db).selectFrom('deployment_revisions').selectAll().where('revision_id', '=', revisionId).executeTakeFirst()

export const listRevisions = (
  db: Database,
  workspace: string,
  endpoint: string,
  deployment: string,
): Promise<RevisionRow[]> =>
  on(db)
    .selectFrom('deployment_revisions')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('endpoint', '=', endpoint)
    .where('deployment', '=', deployment)
    .orderBy('created_at', 'desc')
    .orderBy('revision_id')
    .execute()

/** What a workspace serves: each deployment with the facts of its revision, where it has one. */
export const servedIn = (
  db: Database,
  workspace: string,
): Promise<{ endpoint: string; name: string; spec: string; facts: string | null }[]> =>
  on(db)
    .selectFrom('online_deployments')
    .leftJoin('deployment_revisions', 'deployment_revisions.revision_id', 'online_deployments.revision_id')
    .select(['online_deployments.endpoint', 'online_deployments.name', 'online_deployments.spec', 'facts'])
    .where('online_deployments.workspace', '=', workspace)
    .orderBy('online_deployments.endpoint')
    .orderBy('online_deployments.name')
    .execute()

/** The revisions that the deployments of an endpoint have had, oldest first. */
export const revisionIds = async (db: Database, workspace: string, endpoint: string): Promise<string[]> => {
  const rows = await on(db)
    .selectFrom('deployment_revisions')
    .select('revision_id')
    .where('workspace', '=', workspace)
    .where('endpoint', '=', endpoint)
    .orderBy('created_at')
    .execute()
  return rows.map(row => row.revision_id)
}

/** Files of predictions that a revision has sealed, oldest first; also those that were deleted since. */
export const sealedOf = (db: Database, revisionId: string): Promise<EndpointTables['sealed_predictions'][]> =>
  on(db).selectFrom('sealed_predictions').selectAll().where('revision_id', '=', revisionId).orderBy('segment').execute()
