import type { OnlineDeploymentSpec } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import { servedIn } from './reads.ts'
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
