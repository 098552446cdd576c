import type { IncomingHttpHeaders } from 'node:http'
import { HaganeError } from '@hagane/contract'

const nameOf = (authority: string): string =>
  authority
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
const isAddress = (name: string): boolean => /^[\d.]+$/.test(name) || name.includes(':')

/**
 * Against DNS rebinding and cross-site requests, which reach a server on loopback through the user's own browser: the Host must
 * be an address, localhost or an allowed name, and a browser's Origin must be this very host for anything but reading.
 */
export function guardHost(headers: IncomingHttpHeaders, allowed: readonly string[], method: string): void {
  const host = headers.host ?? ''
  const name = nameOf(host)
  if (!allowed.includes('*') && !isAddress(name) && name !== 'localhost' && !allowed.includes(name))
    throw new HaganeError('forbidden', `this server does not answer to the name '${name}'`, {
      hint: 'call it by address, or list the name in allowed_hosts',
    })
  const origin = headers.origin
  if (origin === undefined || method === 'GET' || method === 'HEAD') return
  if (origin === 'null' || origin.replace(/^https?:\/\//, '').toLowerCase() !== host.toLowerCase())
    throw new HaganeError('forbidden', `a page of another site may not change anything here (Origin ${origin})`)
}
