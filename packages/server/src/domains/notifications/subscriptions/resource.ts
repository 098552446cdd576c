import type { DeliveryResource, DeliveryState, Language, SubscriptionResource } from '@hagane/contract'
import { optional } from '../../../kernel/optional.ts'
import { creationContextOf } from '../../../kernel/stamps.ts'
import type { DeliveryRow } from '../tables.ts'
import type { FedSubscription } from './reads.ts'

const parsed = (text: string | null): never => (text === null ? undefined : JSON.parse(text)) as never

/** A subscription as the API shows it; `head` is the number of the last event. */
export function toResource(
  row: FedSubscription,
  counts: Partial<Record<DeliveryState, number>> | undefined,
  head: number,
): SubscriptionResource {
  return {
    id: row.id,
    name: row.name,
    ...optional('description', row.description),
    ...optional('on', parsed(row.event_filter)),
    ...optional('alerts', parsed(row.alerts)),
    channel: JSON.parse(row.channel),
    language: row.language as Language,
    ...optional('quiet_hours', parsed(row.quiet_hours)),
    timeout_seconds: row.timeout_seconds,
    is_enabled: row.is_enabled === 1,
    health: row.is_enabled === 1 ? (row.health as SubscriptionResource['health']) : 'disabled',
    delivered_seq: row.event_cursor,
    behind: Math.max(0, head - row.event_cursor),
    retrying: (counts?.retrying ?? 0) + (counts?.waiting ?? 0),
    dead: counts?.dead ?? 0,
    ...optional('last_error', row.last_error),
    etag: String(row.revision),
    creation_context: creationContextOf(row),
  }
}

const timeOf = (milliseconds: number | null) => (milliseconds === null ? null : new Date(milliseconds).toISOString())

/** The same at every try of an event for a subscription. */
export const deliveryId = (subscription: string, event: string): string => `msg_${subscription}_${event}`

export const toDelivery = (row: DeliveryRow): DeliveryResource => ({
  id: deliveryId(row.subscription_id, row.event_id),
  seq: row.seq,
  event_id: row.event_id,
  type: row.type,
  subject: row.subject,
  state: row.state as DeliveryState,
  attempts: row.attempts,
  ...optional('first_attempt', timeOf(row.first_at)),
  ...optional('last_attempt', timeOf(row.last_at)),
  ...optional('next_attempt', timeOf(row.due_at)),
  ...optional('status', row.status),
  ...optional('error', row.error),
  ...optional('duration_ms', row.duration_ms),
})
