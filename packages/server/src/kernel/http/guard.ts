import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { HaganeError } from '@hagane/contract'

/** The name or address of a Host header, without port and the brackets of IPv6. */
const nameOf = (authority: string): string =>
  (/^\[([^\]]*)\](:\d+)?$/.exec(authority)?.[1] ?? authority.replace(/:\d+$/, '')).toLowerCase()

/**
 * Against DNS rebinding and cross-site requests, which reach a server on loopback through the user's own browser: the Host must
 * be an address, localhost or an allowed name, and a browser's Origin must be this very host for anything but reading.
 */
export function guardHost(headers: IncomingHttpHeaders, allowed: readonly string[], method: string): void {
  const host = headers.host ?? ''
  const name = nameOf(host)
  const isKnown =
    isIP(name) !== 0 || name === 'localhost' || allowed.some(one => one === '*' || one.toLowerCase() === name)
  if (!isKnown)
    throw new HaganeError('forbidden', `this server does not answer to the name '${name}'`, {
      hint: 'call it by address, or list the name in allowed_hosts',
    })
  const origin = headers.origin
  if (origin === undefined || method === 'GET' || method === 'HEAD') return
  if (origin === 'null' || origin.replace(/^https?:\/\//, '').toLowerCase() !== host.toLowerCase())
    throw new HaganeError('forbidden', `a page of another site may not change anything here (Origin ${origin})`, {
      hint: 'open the page under the address of this server',
    })
}
