import { lookup as dnsLookup, type LookupAddress } from 'node:dns'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { get as httpsGet } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { HaganeError } from '@hagane/contract'

const MAX_REDIRECTS = 5
const IDLE_MS = 30_000
const LONGEST_NAME = 200

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

/**
 * Opens an http(s) address on the server's side. Private addresses are refused at the very lookup whose result is connected to,
 * so that a name cannot change its mind in between, and again after each redirect. Throws invalid with the reason.
 */
export async function openUrl(
  address: string,
  allowPrivate: boolean,
): Promise<{ stream: IncomingMessage; fileName: string }> {
  let url = parsed(address)
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await request(url, allowPrivate)
    const { statusCode = 0, headers } = response
    if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
      response.resume()
      url = parsed(URL.parse(headers.location, url.href)?.href ?? headers.location)
      continue
    }
    if (statusCode === 200) return { stream: response, fileName: fileNameOf(url) }
    response.resume()
    throw new HaganeError('invalid', `${url.origin}${url.pathname} answered ${statusCode}`, {
      hint: 'check the address in a browser; it must answer 200 without a login',
    })
  }
  throw new HaganeError('invalid', `${address} redirects more than ${MAX_REDIRECTS} times`)
}

function parsed(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new HaganeError('invalid', `cannot fetch ${address}: only http and https addresses can be read`, {
      hint: 'download it and give the local path',
    })
  if (url.username !== '' || url.password !== '')
    throw new HaganeError('invalid', 'an address must not carry a user name or password')
  return url
}

/** How to connect to an address, so that a private one is refused. Throws invalid when its host is one already. */
export function guardedConnection(url: URL, allowPrivate: boolean): { lookup: LookupFunction | undefined } {
  const literal = url.hostname.replace(/^\[|\]$/g, '')
  if (!allowPrivate && isIP(literal) !== 0 && isPrivateAddress(literal)) throw refusal(url.hostname)
  return { lookup: allowPrivate ? undefined : guardedLookup }
}

async function request(url: URL, allowPrivate: boolean): Promise<IncomingMessage> {
  const connection = guardedConnection(url, allowPrivate)
  const get = url.protocol === 'https:' ? httpsGet : httpGet
  return new Promise((resolve, reject) => {
    const sent = get(
      url,
      {
        ...connection,
        timeout: IDLE_MS,
        headers: { 'user-agent': 'hagane', accept: '*/*' },
      },
      resolve,
    )
    sent.once('timeout', () => sent.destroy(new Error(`no bytes for ${IDLE_MS / 1000} s`)))
    sent.once('error', error =>
      reject(
        error instanceof HaganeError
          ? error
          : new HaganeError('invalid', `cannot fetch ${url.origin}: ${error.message}`, {
              hint: 'is the address right, and can this server reach it? A local path always works',
            }),
      ),
    )
  })
}

const guardedLookup: LookupFunction = (hostname, options, callback) => {
  dnsLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error !== null) return callback(error, '')
    if (addresses.some(entry => isPrivateAddress(entry.address))) return callback(refusal(hostname), '')
    const [first] = addresses
    if (options.all) return callback(null, addresses as unknown as string)
    callback(null, first?.address ?? '', first?.family)
  })
}

const refusal = (host: string): HaganeError =>
  new HaganeError('invalid', `${host} is a private address, which the server does not fetch from`, {
    hint: 'give a local path, or start the server with --allow-private-urls true',
  })

function fileNameOf(url: URL): string {
  const last = decoded(url.pathname.split('/').at(-1) ?? '').replace(/[^\p{L}\p{N}_.+-]/gu, '_')
  if (last === '' || last === '.' || last === '..') return 'data'
  // as much as a file system takes for a name, with the end that says what it is
  return Buffer.byteLength(last) <= LONGEST_NAME ? last : `data${/\.[\w.]{1,20}$/.exec(last)?.[0] ?? ''}`
}

/** A name that is not valid percent-encoded UTF-8 is taken as it stands. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
