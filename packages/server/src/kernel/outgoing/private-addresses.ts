import { lookup as dnsLookup, type LookupAddress } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { HaganeError } from '@hagane/contract'

const blocked = new BlockList()
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  blocked.addSubnet(net, prefix, 'ipv4')
for (const [net, prefix] of [
  // with IPv4 inside: loopback and the like, NAT64, Teredo, 6to4
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2001::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  blocked.addSubnet(net, prefix, 'ipv6')

/** Whether an address belongs to this machine, a private network, or is no host at all. IPv4 inside IPv6 counts as IPv4. */
export function isPrivateAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  const plain = mapped ?? address
  return blocked.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
}

/** How to connect to an address, so that a private one is refused. Throws invalid when its host is one already. */
export function guardedConnection(url: URL, allowPrivate: boolean): { lookup: LookupFunction | undefined } {
  const literal = url.hostname.replace(/^\[|\]$/g, '')
  if (!allowPrivate && isIP(literal) !== 0 && isPrivateAddress(literal)) throw refusal(url.hostname)
  return { lookup: allowPrivate ? undefined : guardedLookup }
}

/** Refuses a name that leads to a private address; what it answers is what is connected to. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  dnsLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error !== null) return callback(error, '')
    if (addresses.some(entry => isPrivateAddress(entry.address))) return callback(refusal(hostname), '')
    const [first] = addresses
    if (options.all) return callback(null, addresses as unknown as string)
    callback(null, first?.address ?? '', first?.family)
  })
}

const refusal = (host: string): HaganeError =>
  new HaganeError('invalid', `${host} is a private address, which the server does not connect to`, {
    hint: 'give a public address, or start the server with --allow-private-urls true',
  })
