import { type OnlineDeployment, type OnlineDeploymentSpec, onlineDeploymentSpec } from '@hagane/contract'
import { type Changes, changedFields } from '../manifest/changes.ts'

type SpecKey = keyof typeof onlineDeploymentSpec.shape
const keys = Object.keys(onlineDeploymentSpec.shape) as SpecKey[]
/** Its identity: another name is another deployment. */
const fixed: readonly SpecKey[] = ['$schema', 'name', 'endpoint_name', 'type']

/** The specification that a deployment was made of, as the server remembers it. */
export function specOfDeployment(deployment: OnlineDeployment): Record<string, unknown> {
  const known = deployment as Record<string, unknown>
  return Object.fromEntries(keys.filter(key => known[key] !== undefined).map(key => [key, known[key]]))
}

/** The specification with what the flags of `update` change in it. */
export function deploymentChanges(
  spec: Record<string, unknown>,
  options: Changes & { instanceCount: number | undefined },
): OnlineDeploymentSpec {
  const set = [
    ...options.set,
    ...(options.instanceCount === undefined ? [] : [`instance_count=${options.instanceCount}`]),
  ]
  const allowed = keys.filter(key => !fixed.includes(key))
  const changed: Record<string, unknown> = { ...spec, ...changedFields(spec, { ...options, set }, allowed) }
  return changed as OnlineDeploymentSpec
}
