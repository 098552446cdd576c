import type { OnlineDeploymentSpec } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import { findDeployment, findRevision, servedIn } from './reads.ts'
import type { RevisionFacts } from './revision.ts'

/** The deployments, as `endpoint/name`, that serve a registered model, or are about to. */
export async function deploymentsOfModel(
  db: Database,
  workspace: string,
  name: string,
  version?: string,
): Promise<string[]> {
  const isIt = (id: unknown): boolean =>
    typeof id === 'string' &&
    (version === undefined ? id.startsWith(`azureml:${name}:`) : id === `azureml:${name}:${version}`)
  return (await servedIn(db, workspace)).flatMap(row => {
    const facts = JSON.parse(row.facts ?? '{}') as Partial<RevisionFacts>
    const { model } = JSON.parse(row.spec) as OnlineDeploymentSpec
    return isIt(facts.model?.id) || isIt(model) ? [`${row.endpoint}/${row.name}`] : []
  })
}

/** A deployment as it was asked for, and the registered model that it serves; undefined where there is none. */
export async function deployedNow(
  db: Database,
  workspace: string,
  endpoint: string,
  name: string,
): Promise<{ spec: OnlineDeploymentSpec; model: string | undefined } | undefined> {
  const row = await findDeployment(db, workspace, endpoint, name)
  if (row === undefined) return undefined
  const revision = row.revision_id === null ? undefined : await findRevision(db, row.revision_id)
  const facts = JSON.parse(revision?.facts ?? '{}') as Partial<RevisionFacts>
  const spec = JSON.parse(row.spec) as OnlineDeploymentSpec
  return { spec, model: facts.model?.id ?? (typeof spec.model === 'string' ? spec.model : undefined) }
}
