import { hashToken, newToken, type Secrets } from '../../kernel/secrets.ts'
import type { EndpointRow } from './tables.ts'

const tokenMs = 3_600_000

export type KeyColumns = Pick<EndpointRow, 'primary_key' | 'secondary_key' | 'key_hashes'>
export interface EndpointToken {
  sha256: string
  expires_at: string
}

/** A key of 256 random bits. */
export const newKey = (): string => newToken('hgk')

/** Both keys, sealed, and the hashes by which the gateway knows them. */
export function keyColumns(secrets: Secrets, primary: string, secondary: string): KeyColumns {
  return {
    primary_key: secrets.seal(primary),
    secondary_key: secrets.seal(secondary),
    key_hashes: JSON.stringify([hashToken(primary), hashToken(secondary)]),
  }
}

/** A token for an hour, and the list that the gateway gets, without those that are over. */
export function issueToken(tokens: string, now: Date): { token: string; expiresAt: Date; tokens: string } {
  const token = newToken('hgt')
  const expiresAt = new Date(now.getTime() + tokenMs)
  const alive = (JSON.parse(tokens) as EndpointToken[]).filter(one => Date.parse(one.expires_at) > now.getTime())
  const all = [...alive, { sha256: hashToken(token), expires_at: expiresAt.toISOString() }]
  return { token, expiresAt, tokens: JSON.stringify(all) }
}
