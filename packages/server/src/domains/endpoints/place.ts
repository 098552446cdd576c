import { HaganeError } from '@hagane/contract'

/** Where a deployment lies. */
export interface Place {
  endpoint: string
  name: string
}

/** Names in the body, as YAML has them, must be those of the address. Throws `invalid`. */
export function checkNames(
  { endpoint, name }: Place,
  spec: { name?: string | undefined; endpoint_name?: string | undefined },
): void {
  for (const [property, inBody, inPath] of [
    ['name', spec.name, name],
    ['endpoint_name', spec.endpoint_name, endpoint],
  ] as const)
    if (inBody !== undefined && inBody !== inPath)
      throw new HaganeError('invalid', `body: ${property}: '${inBody}' is not '${inPath}' of the address`, {
        details: [{ property, message: 'differs from the address', sent: inBody, allowed: inPath }],
      })
}
