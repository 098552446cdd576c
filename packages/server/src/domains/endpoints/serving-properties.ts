import { type GatewayEndpoint, HaganeError, stickySchema } from '@hagane/contract'

export type ServingProperties = Pick<GatewayEndpoint, 'sticky' | 'rate_limit' | 'cors_origins' | 'local'>

const secondsOf = { s: 1, m: 60, h: 3600 } as const
const rate = /^(\d+(?:\.\d+)?)\s*\/\s*(s|m|h)(?:\s*,\s*burst\s+(\d+))?$/
const origin = /^(\*|https?:\/\/[^\s/,]+)$/

/** How each of Hagane's own properties of an endpoint is read; undefined when its text is none it knows. */
const readers: Record<string, { read: (text: string) => ServingProperties | undefined; allowed: string }> = {
  'hagane.sticky': {
    read: text => (stickySchema.safeParse(text).success ? { sticky: text } : undefined),
    allowed: 'header:<name>, cookie:<name> or body',
  },
  'hagane.rate_limit': { read: rateLimitOf, allowed: '<number>/s, /m or /h, e.g. 100/s or "600/m, burst 50"' },
  'hagane.cors_origins': {
    read: text => {
      const cors_origins = text.split(',').map(one => one.trim())
      return cors_origins.every(one => origin.test(one)) ? { cors_origins } : undefined
    },
    allowed: '* or origins with commas between them, e.g. https://app.example.com',
  },
  'hagane.local': {
    read: text => (text === 'true' ? { local: true } : text === 'false' ? {} : undefined),
    allowed: 'true or false',
  },
}

/**
 * What an endpoint's properties ask of the gateway: Azure ML's YAML has no place for it, and `properties` is where it
 * leaves room. Throws `invalid` for a value that is not understood, and for a `hagane.` property that there is not.
 */
export function servingProperties(properties: Readonly<Record<string, string>>): ServingProperties {
  const found: ServingProperties = {}
  for (const [name, text] of Object.entries(properties)) {
    if (!name.startsWith('hagane.')) continue
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined
    if (reader === undefined) throw notUnderstood(name, text, Object.keys(readers), 'there is no such property')
    const read = reader.read(text.trim())
    if (read === undefined) throw notUnderstood(name, text, reader.allowed, 'this value is not understood')
    Object.assign(found, read)
  }
  return found
}

/** `100/s` is 100 a second, and as many at once unless `burst` says another number. */
function rateLimitOf(text: string): ServingProperties | undefined {
  const [, amount, unit, burst] = rate.exec(text) ?? []
  const count = Number(amount)
  if (unit === undefined || !(count > 0) || Number(burst ?? 1) < 1) return undefined
  const per_second = count / secondsOf[unit as keyof typeof secondsOf]
  return { rate_limit: { per_second, burst: burst === undefined ? Math.max(1, count) : Number(burst) } }
}

/** The refusal of a property, for endpoints and deployments alike. */
export const notUnderstood = (name: string, sent: string, allowed: unknown, why: string): HaganeError =>
  new HaganeError('invalid', `properties.${name}: ${why}: '${sent}'`, {
    details: [{ property: `properties.${name}`, message: why, sent, allowed }],
    hint: `allowed: ${Array.isArray(allowed) ? allowed.join(', ') : allowed}`,
  })
