import type { Stamps } from '../../kernel/stamps.ts'

export type NotificationTables = {
  subscriptions: Stamps & {
    workspace: string
    name: string
    /** Tells a subscription from an earlier one of the same name. */
    id: string
    description: string | null
    /** The filter of events, or null when none are told. */
    event_filter: string | null
    /** Which alerts are told, or null. */
    alerts: string | null
    /** The channel as it is shown. */
    channel: string
    /** The whole channel, sealed. */
    channel_sealed: string
    language: string
    quiet_hours: string | null
    timeout_seconds: number
    is_enabled: number
  }
  /** How far a subscription has come, and which server works on it. */
  subscription_feeds: {
    subscription_id: string
    /** Every event up to here is delivered, passed over, or has a row in `deliveries`. */
    event_cursor: number
    lease_owner: string | null
    /** Rises while the owner lives: others watch it by their own clocks. */
    lease_beat: number
    /** Rises with each owner: what an earlier one still writes is refused. */
    fence: number
    /** Rises when somebody else wrote deliveries, so that the owner reads them. */
    nudge: number
    health: string
    last_error: string | null
  }
  deliveries: {
    subscription_id: string
    seq: number
    event_id: string
    type: string
    subject: string
    state: string
    attempts: number
    /** Epoch milliseconds, like those below. */
    first_at: number | null
    last_at: number | null
    due_at: number | null
    status: number | null
    error: string | null
    duration_ms: number | null
  }
}
export type SubscriptionRow = NotificationTables['subscriptions']
export type FeedRow = NotificationTables['subscription_feeds']
export type DeliveryRow = NotificationTables['deliveries']
