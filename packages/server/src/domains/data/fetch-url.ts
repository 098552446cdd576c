import { get as httpGet, type IncomingMessage } from 'node:http'
import { get as httpsGet } from 'node:https'
import { HaganeError } from '@hagane/contract'
import { guardedConnection } from '../../kernel/outgoing/index.ts'

const MAX_REDIRECTS = 5
const IDLE_MS = 30_000
const LONGEST_NAME = 200

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
