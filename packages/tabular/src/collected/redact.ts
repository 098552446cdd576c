import { createHmac } from 'node:crypto'
import type { Redaction } from '@hagane/contract'

/** Takes columns out of a value, at any depth, as the plan of a deployment says. */
export type Redact = <T>(value: T) => T

/**
 * `drop` leaves a column out, `mask` puts `***` in its place, `hash` an HMAC-SHA256 of its text with the server's key: equal
 * values stay equal, and nobody without the key can try values out.
 */
export function redactor(rules: Readonly<Record<string, Redaction>>, key: string): Redact {
  if (Object.keys(rules).length === 0) return value => value
  const redact = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(redact)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, item]) => {
        const rule = Object.hasOwn(rules, name) ? rules[name] : undefined
        if (rule === 'drop') return []
        if (rule === 'mask') return [[name, '***']]
        if (rule === 'hash') return [[name, digest(key, item)]]
        return [[name, redact(item)]]
      }),
    )
  }
  return value => redact(value) as typeof value
}

const digest = (key: string, value: unknown): string | null =>
  value === null || value === undefined
    ? null
    : createHmac('sha256', key)
        .update(typeof value === 'string' ? value : JSON.stringify(value))
        .digest('hex')
