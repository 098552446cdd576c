import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { HaganeError } from '@hagane/contract'
import { guardedConnection } from '../../../kernel/outgoing/index.ts'

const IDLE_MS = 60_000
const ATTEMPTS = 4
const LONGEST_ERROR = 4000

export interface StorageRequest {
  method: 'GET' | 'PUT'
  url: URL
  headers: Record<string, string>
  /** Called anew for each attempt. */
  body?: () => Readable
}

/**
 * Sends a request to object storage and answers its response when the status is one of 2xx. What may pass (connection lost,
 * 429, 5xx) is tried again with growing pauses. Throws not_found, forbidden or unavailable; `what` names the storage in messages,
 * which never hold a query, since signatures and tokens travel there.
 */
export async function send(
  what: string,
  sign: () => Promise<StorageRequest>,
  allowPrivate: boolean,
): Promise<IncomingMessage> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await once(await sign(), allowPrivate).catch((error: Error) => error)
    if (!(outcome instanceof Error) && (outcome.statusCode ?? 0) < 300) return outcome
    if (outcome instanceof HaganeError) throw outcome
    const status = outcome instanceof Error ? 0 : (outcome.statusCode ?? 0)
    const mayPass = status === 0 || status === 429 || status >= 500
    if (mayPass && attempt < ATTEMPTS) {
      if (!(outcome instanceof Error)) outcome.resume()
      await pause(200 * 2 ** attempt)
      continue
    }
    throw outcome instanceof Error
      ? new HaganeError('unavailable', `${what} cannot be reached: ${outcome.message}`, { cause: outcome })
      : await refusal(what, status, outcome)
  }
}

async function refusal(what: string, status: number, response: IncomingMessage): Promise<HaganeError> {
  const body = (await text(response)).slice(0, LONGEST_ERROR)
  const code = /<Code>([A-Za-z0-9]+)<\/Code>/.exec(body)?.[1] ?? response.headers['x-ms-error-code'] ?? ''
  const said = `${what} answered ${status}${code === '' ? '' : ` ${code}`}`
  if (status === 404) return new HaganeError('not_found', said)
  if (status === 401 || status === 403)
    return new HaganeError('forbidden', said, {
      hint: 'look at the credentials of the datastore: `hagane datastore create -f FILE` replaces them',
    })
  if (status >= 300 && status < 400)
    return new HaganeError('invalid', said, { hint: 'look at the region and endpoint of the datastore' })
  return new HaganeError(status >= 500 ? 'unavailable' : 'invalid', said)
}

function once({ method, url, headers, body }: StorageRequest, allowPrivate: boolean): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, timeout: IDLE_MS, ...guardedConnection(url, allowPrivate) }, resolve)
    sent.once('timeout', () => sent.destroy(new Error(`no bytes for ${IDLE_MS / 1000} s`)))
    sent.once('error', reject)
    if (body === undefined) sent.end()
    else
      body()
        .once('error', error => sent.destroy(error))
        .pipe(sent)
  })
}
