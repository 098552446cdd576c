import type { GatewayReport, GatewayRevisionReport, SealedSegment } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import type { FindHolder } from './held.ts'
import { findDeployment, findRevision } from './reads.ts'
import { settle } from './settle.ts'
import { changeDeployment, deploymentIn, keepSealed } from './store.ts'
import type { DeploymentRow } from './tables.ts'

export interface ReportDeps {
  db: Database
  /** The routing table may have changed. */
  tableChanged(): void
  findHolder: FindHolder
}

/** Takes over what a gateway says of its revisions, and proves sealed predictions by an event with their digest. */
export async function takeReport(deps: ReportDeps, actor: string, report: GatewayReport): Promise<void> {
  for (const one of report.deployments) await takeRevision(deps, actor, one)
  for (const sealed of report.sealed) await takeSealed(deps, actor, sealed)
}

/** Reports come every few seconds; only one that says something new is written. */
async function takeRevision(deps: ReportDeps, actor: string, said: GatewayRevisionReport): Promise<void> {
  const known = await findDeployment(deps.db, said.workspace, said.endpoint, said.deployment)
  if (known === undefined || known.revision_id !== said.revision_id || !saysMore(known, said)) return
  await deps.db.withTransaction({ workspace: said.workspace, actor }, async tx => {
    const row = await deploymentIn(tx, said.endpoint, said.deployment)
    if (row?.revision_id !== said.revision_id || !saysMore(row, said)) return
    if (row.operation === '') await settle(tx, row, said, deps.findHolder)
    else await changeDeployment(tx, row, { serving: JSON.stringify(said) })
    tx.afterCommit(deps.tableChanged)
  })
}

const saysMore = (row: DeploymentRow, said: GatewayRevisionReport): boolean => row.serving !== JSON.stringify(said)

async function takeSealed(deps: ReportDeps, actor: string, sealed: SealedSegment): Promise<void> {
  const revision = await findRevision(deps.db, sealed.revision_id)
  if (revision === undefined) return
  await deps.db.withTransaction({ workspace: revision.workspace, actor }, async tx => {
    if (!(await keepSealed(tx, sealed))) return
    tx.append({
      type: 'dev.hagane.endpoint.predictions-sealed',
      subject: `deployment/${revision.endpoint}/${revision.deployment}`,
      data: { endpoint: revision.endpoint, deployment: revision.deployment, ...sealed },
    })
  })
}
