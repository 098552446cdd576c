import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import type { SubscriptionChannel } from '@hagane/contract'
import { cloudEventHeaders, cloudEventText } from '../../../kernel/events/index.ts'
import type { Channel } from './channel.ts'

/**
 * Signature of Standard Webhooks 1.0 (github.com/standard-webhooks): HMAC-SHA256 over id, time in seconds and body, with full
 * stops between them, keyed by the bytes behind `whsec_`.
 */
export function signature(key: KeyObject, id: string, seconds: number, body: string): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`
}

/** A CloudEvent by HTTP, signed; in structured mode the signature covers all of it, in binary mode its data. */
export function webhookChannel(channel: Extract<SubscriptionChannel, { type: 'webhook' }>): Channel {
  // a key object is read once: making one for each signature takes four times as long as signing
  const key = createSecretKey(channel.secret?.replace(/^whsec_/, '') ?? '', 'base64')
  const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' }
  return {
    tells: () => true,
    message({ event, deliveryId, now, attempt }) {
      const binary = channel.format === 'binary'
      const body = binary ? event.data : cloudEventText(event)
      const seconds = Math.floor(now.getTime() / 1000)
      return {
        kind: 'http',
        url: channel.url,
        headers: {
          ...channel.headers,
          'user-agent': 'hagane',
          ...(binary ? cloudEventHeaders(event) : structured),
          'webhook-id': deliveryId,
          'webhook-timestamp': String(seconds),
          'webhook-signature': signature(key, deliveryId, seconds, body),
          'hagane-attempt': String(attempt),
        },
        body,
      }
    },
  }
}
