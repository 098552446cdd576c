import type { Tx } from '../../kernel/db/index.ts'
import { created, modified, type Stamps } from '../../kernel/stamps.ts'
import type { BatchJobRow, BatchTables, DeploymentRow, EndpointRow, RevisionRow } from './tables.ts'

const on = (tx: Tx) => tx.db.withTables<BatchTables>()

type Given<Row extends Stamps> = Omit<Row, keyof Stamps | 'workspace'>

export const endpointIn = (tx: Tx, name: string): Promise<EndpointRow | undefined> =>
  on(tx)
    .selectFrom('batch_endpoints')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .executeTakeFirst()

export async function insertEndpoint(tx: Tx, values: Given<EndpointRow>): Promise<void> {
  await on(tx)
    .insertInto('batch_endpoints')
    .values({ ...values, workspace: tx.who.workspace, ...created(tx) })
    .execute()
}

export async function changeEndpoint(tx: Tx, row: EndpointRow, change: Partial<EndpointRow>): Promise<void> {
  await on(tx)
    .updateTable('batch_endpoints')
    .set({ ...change, ...modified(tx, row) })
    .where('workspace', '=', row.workspace)
    .where('name', '=', row.name)
    .execute()
}

export async function deleteEndpoint(tx: Tx, name: string): Promise<void> {
  for (const [table, column] of [
    ['batch_deployments', 'endpoint'],
    ['batch_endpoints', 'name'],
  ] as const)
    await on(tx).deleteFrom(table).where('workspace', '=', tx.who.workspace).where(column, '=', name).execute()
}

export const deploymentIn = (tx: Tx, endpoint: string, name: string): Promise<DeploymentRow | undefined> =>
  on(tx)
    .selectFrom('batch_deployments')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('endpoint', '=', endpoint)
    .where('name', '=', name)
    .executeTakeFirst()

export async function deploymentNamesIn(tx: Tx, endpoint: string): Promise<string[]> {
  const rows = await on(tx)
    .selectFrom('batch_deployments')
    .select('name')
    .where('workspace', '=', tx.who.workspace)
    .where('endpoint', '=', endpoint)
    .orderBy('name')
    .execute()
  return rows.map(row => row.name)
}

export async function insertDeployment(tx: Tx, values: Given<DeploymentRow>): Promise<void> {
  await on(tx)
    .insertInto('batch_deployments')
    .values({ ...values, workspace: tx.who.workspace, ...created(tx) })
    .execute()
}

export async function changeDeployment(tx: Tx, row: DeploymentRow, change: Partial<DeploymentRow>): Promise<void> {
  await on(tx)
    .updateTable('batch_deployments')
    .set({ ...change, ...modified(tx, row) })
    .where('workspace', '=', row.workspace)
    .where('endpoint', '=', row.endpoint)
    .where('name', '=', row.name)
    .execute()
}

export async function deleteDeployment(tx: Tx, endpoint: string, name: string): Promise<void> {
  await on(tx)
    .deleteFrom('batch_deployments')
    .where('workspace', '=', tx.who.workspace)
    .where('endpoint', '=', endpoint)
    .where('name', '=', name)
    .execute()
}

/** Written for good; the same content deployed again is the same revision. Tells whether it is new. */
export async function keepRevision(
  tx: Tx,
  values: Omit<RevisionRow, 'workspace' | 'created_at' | 'created_by'>,
): Promise<boolean> {
  const result = await on(tx)
    .insertInto('batch_revisions')
    .values({
      ...values,
      workspace: tx.who.workspace,
      created_at: tx.now.toISOString(),
      created_by: tx.who.actor,
    })
    .onConflict(conflict => conflict.doNothing())
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows ?? 0) === 1
}

export async function insertJob(tx: Tx, values: Omit<BatchJobRow, 'workspace' | 'created_at'>): Promise<void> {
  await on(tx)
    .insertInto('batch_jobs')
    .values({ ...values, workspace: tx.who.workspace, created_at: tx.now.toISOString() })
    .execute()
}
