import { createHmac } from 'node:crypto'
import { callWebhookAction, HaganeError, parseOrThrow } from '@hagane/contract'
import { render, type Values } from '../expressions.ts'
import type { RuleNeeds } from '../needs.ts'
import { findSecret } from '../reads.ts'
import type { Context } from '../run-context.ts'
import { secretKey } from '../secret-key.ts'
import { keyOf, type Performer } from './performer.ts'

const TIMEOUT_MS = 30_000
/** Headers that are the server's own to set. */
const reserved = /^(host|content-length|content-type|transfer-encoding|connection|webhook-.*)$/i

/** The request of a webhook, all but its signature. Throws invalid. */
export function webhookOf(given: unknown, values: Values, property: string) {
  const { url, headers = {}, body } = parseOrThrow(callWebhookAction, render(given, values, property), property)
  if (!URL.canParse(url) || !['http:', 'https:'].includes(new URL(url).protocol))
    throw wrong(`${property}.url`, url, 'an http or https address')
  const bad = Object.keys(headers).find(name => reserved.test(name))
  if (bad !== undefined) throw wrong(`${property}.headers.${bad}`, bad, 'headers besides those that the server sets')
  const { event, rule, run } = values
  return { url, headers, body: JSON.stringify(body ?? { rule: rule.name, run: run.number, event }) }
}

const wrong = (property: string, sent: string, allowed: string): HaganeError =>
  new HaganeError('invalid', `${property}: '${sent}' is not taken; it takes ${allowed}`, {
    details: [{ property, message: 'not taken', sent, allowed }],
  })

/**
 * POSTs JSON, signed with the secret of the rule as Standard Webhooks says. A server that is killed while it waits for the answer
 * sends again under the same webhook-id, by which a receiver knows it.
 */
export const callWebhook: Performer = {
  async begin(needs, context) {
    const { action, values, row, who, record } = context
    const request = webhookOf(action.call_webhook, values, `do.${row.position}.call_webhook`)
    const answer = await needs.sender.post({ ...(await signed(needs, context, request)), timeoutMs: TIMEOUT_MS })
    const { status, error, excerpt } = answer
    const result = {
      ...(status === undefined ? {} : { status }),
      ...(excerpt === undefined ? {} : { answer: excerpt }),
    }
    const isTaken = status !== undefined && status >= 200 && status < 300
    await needs.db.withTransaction(who, tx =>
      record(
        tx,
        isTaken
          ? { state: 'succeeded', result }
          : { state: 'failed', error: `${new URL(request.url).origin} ${error ?? `answered ${status}`}`, result },
      ),
    )
  },
}

async function signed(needs: RuleNeeds, { run, row }: Context, { url, headers, body }: ReturnType<typeof webhookOf>) {
  const sealed = await findSecret(needs.db, run.rule_id)
  if (sealed === undefined) throw new HaganeError('not_found', 'the rule is gone, and with it the secret that signs')
  const id = keyOf(run, row).replaceAll('/', '_')
  const seconds = Math.floor(needs.db.clock.now().getTime() / 1000)
  const signature = createHmac('sha256', secretKey(needs.secrets.open(sealed))).update(`${id}.${seconds}.${body}`)
  return {
    ...{ url, body },
    headers: {
      ...headers,
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': `v1,${signature.digest('base64')}`,
    },
  }
}
