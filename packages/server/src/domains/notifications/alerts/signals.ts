import { isDeepStrictEqual } from 'node:util'
import { type AlertSeverity, type AlertSignal, alertSeverities } from '@hagane/contract'
import type { Tx } from '../../../kernel/db/index.ts'
import { newUlid } from '../../../kernel/ids.ts'
import type { AlertRow } from '../tables.ts'
import { changeAlert, insertAlert, openAlert, openAlertsOfRule } from './store.ts'

/** Alerts of a group that come within this time are told together. */
const GROUP_WAIT_MS = 5_000

interface Cause {
  rule?: string | undefined
  eventId: string
  correlation?: string | undefined
}

/**
 * Somebody reports trouble: a new alert, or one more sight of the one that is open. What is worse than it was, or is about
 * another thing (its labels differ), is news: the open alert fires again and is told again.
 */
export async function raise(tx: Tx, signal: AlertSignal, cause: Cause, state: 'pending' | 'firing'): Promise<void> {
  const open = await openAlert(tx, signal.key)
  if (open === undefined) return insertNew(tx, signal, cause, state)
  const now = tx.now.getTime()
  const seen = {
    ...{ times_seen: open.times_seen + 1, last_seen_at: now },
    ...{ severity: signal.severity, summary: signal.summary, summary_ja: signal.summary_ja ?? null },
  }
  if (open.state !== 'pending' && state === 'firing' && isNews(signal, open))
    return fireAgain(tx, open, seen, signal, cause)
  if (open.state !== 'pending' || state === 'pending') return changeAlert(tx, open.id, seen)
  await changeAlert(tx, open.id, { ...seen, state: 'firing', fired_at: now, tell_at: now + GROUP_WAIT_MS })
  appendMove(tx, 'firing', { ...open, ...seen })
}

const isNews = ({ severity, labels = {} }: AlertSignal, open: AlertRow): boolean =>
  alertSeverities.indexOf(severity) > alertSeverities.indexOf(open.severity as AlertSeverity) ||
  !isDeepStrictEqual(labels, JSON.parse(open.labels))

async function fireAgain(
  tx: Tx,
  open: AlertRow,
  seen: Partial<AlertRow>,
  { labels = {}, next_command }: AlertSignal,
  { eventId, correlation = eventId }: Cause,
): Promise<void> {
  const now = tx.now.getTime()
  const news = {
    ...{
      ...seen,
      labels: JSON.stringify(labels),
      next_command: next_command ?? null,
      event_id: eventId,
      correlation_id: correlation,
    },
    ...{ state: 'firing', fired_at: now, told: null, tell_at: now + GROUP_WAIT_MS },
    ...{ acknowledged_at: null, acknowledged_by: null, escalated_after: '[]' },
  }
  await changeAlert(tx, open.id, news)
  appendMove(tx, 'firing', { ...open, ...news })
}

async function insertNew(tx: Tx, signal: AlertSignal, cause: Cause, state: 'pending' | 'firing'): Promise<void> {
  const now = tx.now.getTime()
  const firing = state === 'firing'
  const row: AlertRow = {
    id: newUlid(now),
    workspace: tx.who.workspace,
    alert_key: signal.key,
    alert_group: signal.group ?? signal.key,
    state,
    severity: signal.severity,
    summary: signal.summary,
    summary_ja: signal.summary_ja ?? null,
    labels: JSON.stringify(signal.labels ?? {}),
    next_command: signal.next_command ?? null,
    emails: JSON.stringify(signal.emails ?? []),
    rule: cause.rule ?? null,
    event_id: cause.eventId,
    correlation_id: cause.correlation ?? cause.eventId,
    ...{ times_seen: 1, started_at: now, fired_at: firing ? now : null, last_seen_at: now },
    ...{ acknowledged_at: null, acknowledged_by: null, resolved_at: null, told: null },
    tell_at: firing ? now + GROUP_WAIT_MS : null,
    ...{ escalated_after: '[]', silenced_by: null, note: null },
  }
  await insertAlert(tx, row)
  appendMove(tx, state, row)
}

/** The trouble is over, whoever says so; nothing happens where none is open. One that was never told is not told to be over. */
export async function settle(tx: Tx, key: string, reason?: string): Promise<void> {
  const open = await openAlert(tx, key)
  if (open !== undefined) await settleAlert(tx, open, reason)
}

export async function settleAlert(tx: Tx, open: AlertRow, reason?: string): Promise<void> {
  const now = tx.now.getTime()
  const tell_at = open.told === null ? null : now + GROUP_WAIT_MS
  await changeAlert(tx, open.id, { state: 'resolved', resolved_at: now, tell_at })
  appendMove(tx, 'resolved', open, reason === undefined ? {} : { reason })
}

/** What a rule raised is over with it. */
export async function settleOfRule(tx: Tx, rule: string, reason: string): Promise<void> {
  for (const open of await openAlertsOfRule(tx, rule)) await settleAlert(tx, open, reason)
}

/** Somebody works on it. */
export async function acknowledgeAlert(tx: Tx, row: AlertRow, comment: string | undefined): Promise<void> {
  const now = tx.now.getTime()
  const tell_at = row.told === null ? row.tell_at : now
  const by = tx.who.actor
  await changeAlert(tx, row.id, { state: 'acknowledged', acknowledged_at: now, acknowledged_by: by, tell_at })
  appendMove(tx, 'acknowledged', row, comment === undefined ? {} : { comment })
}

export function appendMove(tx: Tx, what: string, row: AlertRow, more: Record<string, unknown> = {}): void {
  const { id, alert_key: key, alert_group: group, severity, summary, event_id } = row
  tx.append({
    type: `dev.hagane.alert.${what}`,
    subject: `alert/${id}`,
    data: { id, key, group, severity, summary, event_id, ...more, correlation_id: row.correlation_id },
  })
}
