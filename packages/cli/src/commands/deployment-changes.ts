import { UsageError } from '../grammar/usage-error.ts'
import { type Changes, changedFields } from '../manifest/changes.ts'

interface Names {
  name?: string | undefined
  endpoint_name?: string | undefined
}

/** The two names of a deployment, from flags or else from the file. Throws UsageError that names the flag that is missing. */
export function deploymentParams(
  command: string,
  options: { name: string | undefined; endpointName: string | undefined },
  spec: Names = {},
): { name: string; deployment: string } {
  const deployment = options.name ?? spec.name
  const name = options.endpointName ?? spec.endpoint_name
  if (deployment !== undefined && name !== undefined) return { name, deployment }
  const flag = deployment === undefined ? '--name' : '--endpoint-name'
  throw new UsageError(`${command} needs ${flag}`, 'or the property in the file')
}

/** Its identity: another name is another deployment. */
const fixed = ['$schema', 'name', 'endpoint_name', 'type']

/**
 * The specification that a deployment was made of, as the server remembers it, with what the flags of `update` change.
 * `schema` says which properties a specification has; the server checks their values.
 */
export function changedSpec<Spec>(schema: { shape: object }, deployment: object, changes: Changes): Spec {
  const known = deployment as Record<string, unknown>
  const keys = Object.keys(schema.shape)
  const spec = Object.fromEntries(keys.filter(key => known[key] !== undefined).map(key => [key, known[key]]))
  const allowed = keys.filter(key => !fixed.includes(key))
  return { ...spec, ...changedFields(spec, changes, allowed) } as Spec
}
