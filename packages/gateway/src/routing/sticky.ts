import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { GatewayEndpoint } from '@hagane/contract'

/** What is known of who asks. */
export interface Caller {
  readonly headers: IncomingHttpHeaders
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/** Where a request falls in the split, in [0, 1); undefined when it carries nothing to hold on to. */
export type StickyBy = (request: Caller, body: Buffer) => number | undefined

/**
 * How an endpoint keeps a caller at one deployment: the value that names the caller is hashed to a point of the split, so
 * every gateway sends it to the same place, and a share that grows moves only callers into the deployment that grew.
 */
export function stickyBy({ name, sticky }: Pick<GatewayEndpoint, 'name' | 'sticky'>): StickyBy | undefined {
  if (sticky === undefined) return undefined
  const [where, key = ''] = sticky.split(/:(.*)/s, 2) as [string, string?]
  const wanted = key.toLowerCase()
  if (where === 'body') return (_, body) => pointOf(name, body)
  return ({ headers }) => {
    const sent = where === 'cookie' ? cookieOf(headers.cookie, key) : headers[wanted]
    const value = Array.isArray(sent) ? sent.join(',') : sent
    return value === undefined || value === '' ? undefined : pointOf(name, Buffer.from(value))
  }
}

/** The endpoint's name goes in, so that the same callers are not the first to get every endpoint's news. */
function pointOf(endpoint: string, value: Buffer): number {
  const digest = hash('sha256', Buffer.concat([Buffer.from(`${endpoint}\n`), value]), 'buffer')
  return digest.readUInt32BE(0) / 2 ** 32
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}
