import { MlflowError } from '../tracking/index.ts'

/** The deployments, as `endpoint/name`, that serve a version of a model, or any version of it. */
export type DeployedModels = (workspace: string, name: string, version?: string) => Promise<string[]>

/** Refuses to delete what is being served: nobody could say any more what stands behind its predictions. */
export async function refuseDeployed(
  deployed: DeployedModels,
  workspace: string,
  name: string,
  version?: string,
): Promise<void> {
  const places = await deployed(workspace, name, version)
  if (places.length === 0) return
  const what = version === undefined ? `model ${name}` : `model ${name}:${version}`
  throw new MlflowError(
    'RESOURCE_CONFLICT',
    `${what} is deployed at ${places.join(', ')}. Delete those deployments or give them another model first; \`hagane model archive\` only hides a version.`,
  )
}
