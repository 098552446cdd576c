import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Database } from '../../../kernel/db/index.ts'
import type { EventLog } from '../../../kernel/events/index.ts'
import type { Logger } from '../../../kernel/log.ts'
import { guardedConnection } from '../../../kernel/outgoing/index.ts'
import { toRunEvent } from './index.ts'

export interface Receiver {
  /** Where run events are POSTed. */
  readonly url: string
  readonly allowPrivate: boolean
}

interface Sending {
  db: Database
  events: EventLog
  log: Logger
  /** Resolves when lineage knows what was committed before. */
  caughtUp(): Promise<void>
}

const TIMEOUT_MS = 30_000

/**
 * POSTs every run event to a receiver of OpenLineage, in order and at least once: the consumer's cursor moves on when a batch was
 * taken. What the receiver refuses for good (4xx) is logged and left out, so that it does not hold up the rest.
 */
export function sendRunEvents({ db, events, log, caughtUp }: Sending, receiver: Receiver): void {
  const url = new URL(receiver.url)
  let taken = 0
  events.consume('openlineage', async batch => {
    await caughtUp()
    for (const row of batch) {
      const event = row.seq <= taken ? undefined : await toRunEvent(db, row)
      if (event !== undefined) {
        const status = await post(url, JSON.stringify(event), receiver.allowPrivate)
        const isForGood = status >= 400 && status < 500 && ![401, 403, 404, 408, 429].includes(status)
        if (isForGood) log.warn({ status, event: row.seq }, 'a run event was refused by the receiver of OpenLineage')
        else if (status >= 300) throw new Error(`${url.origin} answered ${status} to a run event`)
      }
      taken = row.seq
    }
  })
}

/** The status that a JSON body was answered with. Private addresses are refused as for data; redirects are not followed. */
function post(url: URL, body: string, allowPrivate: boolean): Promise<number> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'hagane',
    }
    const options = { ...guardedConnection(url, allowPrivate), method: 'POST', timeout: TIMEOUT_MS, headers }
    const sent = send(url, options, response => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
      response.once('error', reject)
    })
    sent.once('timeout', () => sent.destroy(new Error(`${url.origin} did not answer for ${TIMEOUT_MS / 1000} s`)))
    sent.once('error', reject)
    sent.end(body)
  })
}
