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
  /** Times are epoch milliseconds. */
  alerts: {
    id: string
    workspace: string
    alert_key: string
    alert_group: string
    state: string
    severity: string
    summary: string
    summary_ja: string | null
    labels: string
    next_command: string | null
    emails: string
    rule: string | null
    event_id: string
    correlation_id: string
    times_seen: number
    started_at: number
    fired_at: number | null
    last_seen_at: number
    acknowledged_at: number | null
    acknowledged_by: string | null
    resolved_at: number | null
    /** The last status that was told; null while none was. */
    told: string | null
    /** When something is to be told next. */
    tell_at: number | null
    /** Seconds after which it was told because nobody acknowledged it, as a JSON list. */
    escalated_after: string
    silenced_by: string | null
    note: string | null
  }
  silences: {
    id: string
    workspace: string
    spec: string
    starts_at: number
    ends_at: number | null
    created_at: string
    created_by: string
  }
  alert_rules: Stamps & {
    workspace: string
    name: string
    id: string
    spec: string
    /** Only what comes after it counts. */
    since_seq: number
  }
  alert_rule_states: { rule_id: string; rule_key: string; state: string; due_at: number | null }
}
export type AlertRow = NotificationTables['alerts']
export type SilenceRow = NotificationTables['silences']
export type RuleRow = NotificationTables['alert_rules']
export type SubscriptionRow = NotificationTables['subscriptions']
export type FeedRow = NotificationTables['subscription_feeds']
export type DeliveryRow = NotificationTables['deliveries']
