import { HaganeError } from '@hagane/contract'

export type Traffic = Record<string, number>

/** Refuses shares for deployments that do not exist, and live traffic for one that also gets copies. */
export function checkTraffic(traffic: Traffic, mirror: Traffic, deployments: readonly string[]): void {
  for (const [property, shares] of [
    ['traffic', traffic],
    ['mirror_traffic', mirror],
  ] as const) {
    const unknown = Object.keys(shares).filter(name => !deployments.includes(name))
    if (unknown.length > 0)
      throw new HaganeError('invalid', `${property}: no deployment '${unknown[0]}' at this endpoint`, {
        hint: deployments.length === 0 ? 'create a deployment first' : `deployments here: ${deployments.join(', ')}`,
        details: unknown.map(name => ({
          property: `${property}.${name}`,
          message: 'unknown deployment',
          sent: name,
          allowed: deployments,
        })),
      })
  }
  const both = Object.keys(mirror).find(name => (mirror[name] ?? 0) > 0 && (traffic[name] ?? 0) > 0)
  if (both !== undefined)
    throw new HaganeError('invalid', `'${both}' cannot take live and mirrored traffic at once`, {
      hint: `set traffic or mirror_traffic of '${both}' to 0`,
    })
}
