import type { Tx } from '../../kernel/db/index.ts'
import { created, modified, type Stamps } from '../../kernel/stamps.ts'
import type { DeploymentRow, EndpointRow, EndpointTables, RevisionRow } from './tables.ts'

const on = (tx: Tx) => tx.db.withTables<EndpointTables>()

type Given<Row extends Stamps> = Omit<Row, keyof Stamps | 'workspace'>

export async function insertEndpoint(tx: Tx, values: Given<EndpointRow>): Promise<void> {
  await on(tx)
    .insertInto('online_endpoints')
    .values({ ...values, workspace: tx.who.workspace, ...created(tx) })
    .execute()
}

export const endpointIn = (tx: Tx, name: string): Promise<EndpointRow | undefined> =>
  on(tx)
    .selectFrom('online_endpoints')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .executeTakeFirst()

export async function changeEndpoint(tx: Tx, row: EndpointRow, change: Partial<EndpointRow>): Promise<void> {
  await on(tx)
    .updateTable('online_endpoints')
    .set({ ...change, ...modified(tx, row) })
    .where('workspace', '=', row.workspace)
    .where('name', '=', row.name)
    .execute()
}

export async function deleteEndpoint(tx: Tx, name: string): Promise<void> {
  for (const [table, column] of [
    ['online_deployments', 'endpoint'],
    ['online_endpoints', 'name'],
  ] as const)
    await on(tx).deleteFrom(table).where('workspace', '=', tx.who.workspace).where(column, '=', name).execute()
}

export const deploymentIn = (tx: Tx, endpoint: string, name: string): Promise<DeploymentRow | undefined> =>
  on(tx)
    .selectFrom('online_deployments')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('endpoint', '=', endpoint)
    .where('name', '=', name)
    .executeTakeFirst()

export const deploymentNamesIn = async (tx: Tx, endpoint: string): Promise<string[]> => {
  const rows = await on(tx)
    .selectFrom('online_deployments')
    .select('name')
    .where('workspace', '=', tx.who.workspace)
    .where('endpoint', '=', endpoint)
    .orderBy('name')
    .execute()
  return rows.map(row => row.name)
}

export async function insertDeployment(tx: Tx, values: Given<DeploymentRow>): Promise<void> {
  await on(tx)
    .insertInto('online_deployments')
    .values({ ...values, workspace: tx.who.workspace, ...created(tx) })
    .execute()
}

/** Changes what people see of a deployment, so its revision (etag) counts on. */
export async function changeDeployment(tx: Tx, row: DeploymentRow, change: Partial<DeploymentRow>): Promise<void> {
  await on(tx)
    .updateTable('online_deployments')
    .set({ ...change, revision: row.revision + 1 })
    .where('workspace', '=', row.workspace)
    .where('endpoint', '=', row.endpoint)
    .where('name', '=', row.name)
    .execute()
}

export async function deleteDeployment(tx: Tx, endpoint: string, name: string): Promise<void> {
  await on(tx)
    .deleteFrom('online_deployments')
    .where('workspace', '=', tx.who.workspace)
    .where('endpoint', '=', endpoint)
    .where('name', '=', name)
    .execute()
}

/** Writes a revision for good; the same content deployed again is the same revision. */
export async function keepRevision(tx: Tx, values: Omit<RevisionRow, 'workspace' | 'created_at' | 'created_by'>) {
  await on(tx)
    .insertInto('deployment_revisions')
    .values({
      ...values,
      workspace: tx.who.workspace,
      created_at: tx.now.toISOString(),
      created_by: tx.who.actor,
    })
    .onConflict(conflict => conflict.doNothing())
    .execute()
}

/** False when this segment was known already. */
export async function keepSealed(
  tx: Tx,
  sealed: { revision_id: string; segment: string; digest: string; count: number },
): Promise<boolean> {
  const { count, ...values } = sealed
  const result = await on(tx)
    .insertInto('sealed_predictions')
    .values({ ...values, records: count, sealed_at: tx.now.toISOString() })
    .onConflict(conflict => conflict.doNothing())
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows ?? 0) === 1
}
