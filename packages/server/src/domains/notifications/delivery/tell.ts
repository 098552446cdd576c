import {
  type AlertNotification,
  type AlertSelection,
  type AlertSeverity,
  alertSeverities,
  type EventFilter,
  type Language,
  matchesPattern,
  type QuietHours,
  secondsOfDuration,
} from '@hagane/contract'
import { compileRowFilter, type EventRow, eventsBefore, toRecord } from '../../../kernel/events/index.ts'
import {
  addressedChannel,
  channelOf,
  hidingSecrets,
  type Message,
  openChannel,
  type Telling,
} from '../channels/index.ts'
import type { NotificationNeeds } from '../needs.ts'
import type { SubscriptionRow } from '../tables.ts'
import type { Teller } from './engine.ts'
import { isQuiet } from './quiet.ts'
import type { Outcome } from './runner.ts'

const parsed = <T>(text: string | null): T | undefined => (text === null ? undefined : (JSON.parse(text) as T))

/** Writes to the addresses that alerts name; no subscription of people's has this name. */
export const ALERT_MAIL = 'alert-emails'
const NOTIFICATION = 'dev.hagane.alert.notification'

/** What a subscription chooses, when it is told, and how. Throws when its channel cannot be opened. */
export function tellerOf(needs: NotificationNeeds, row: SubscriptionRow): Teller {
  const isMail = row.name === ALERT_MAIL
  const { channel, hide } = isMail ? { channel: addressedChannel, hide: asIs } : openedChannel(needs, row)
  const timeoutMs = row.timeout_seconds * 1000
  const passes = isMail ? namesAddresses : filterOf(row)
  const quiet = parsed<QuietHours>(row.quiet_hours)
  return {
    timeoutMs,
    wants: event => event.workspace === row.workspace && passes(event) && channel.tells(event),
    isHeld: event => quiet !== undefined && isQuiet(quiet, needs.db.clock.now()) && !isUrgent(quiet, event),
    async send(event, attempt) {
      const message = await channel.message(tellingOf(needs, row, event, attempt))
      if (message === undefined) return { delivered: true, ms: 0 }
      return withoutSecrets(await deliver(needs, message, timeoutMs), hide)
    },
  }
}

const asIs = (text: string): string => text

/** How a subscription tells, and what takes its secrets out of a text. Throws when it was sealed with another key. */
export function openedChannel({ secrets }: Pick<NotificationNeeds, 'secrets'>, row: SubscriptionRow) {
  const opened = openChannel(secrets, row.channel_sealed)
  return { channel: channelOf(opened), hide: hidingSecrets(opened) }
}

/** What a receiver answered, without the secrets that it was sent and may have repeated. */
export const withoutSecrets = (outcome: Outcome, hide: (text: string) => string): Outcome =>
  outcome.error === undefined ? outcome : { ...outcome, error: hide(outcome.error) }

const notificationIn = (event: EventRow): AlertNotification | undefined =>
  event.type === NOTIFICATION ? (toRecord(event).data as AlertNotification) : undefined

const namesAddresses = (event: EventRow): boolean => (notificationIn(event)?.emails.length ?? 0) > 0

/** A subscription is not told of itself: its failures would be told to the one that fails. */
function filterOf(row: SubscriptionRow): (event: EventRow) => boolean {
  const filter = parsed<EventFilter>(row.event_filter)
  const selection = parsed<AlertSelection>(row.alerts)
  const passes = filter === undefined ? () => false : compileRowFilter(filter)
  const itself = `subscription/${row.name}`
  return event => {
    if (event.subject === itself) return false
    const notification = selection === undefined ? undefined : notificationIn(event)
    if (selection !== undefined && notification !== undefined && isChosen(selection, notification)) return true
    return passes(event)
  }
}

const rank = (severity: string): number => alertSeverities.indexOf(severity as AlertSeverity)

function isChosen(selection: AlertSelection, { status, severity, alerts, ...told }: AlertNotification): boolean {
  const { min_severity, labels, escalate_after } = selection
  if (rank(severity) < rank(min_severity)) return false
  const wanted = Object.entries(labels ?? {})
  if (!alerts.some(alert => wanted.every(([name, value]) => matchesPattern(value, alert.labels[name] ?? ''))))
    return false
  if (escalate_after === undefined) return status !== 'escalated'
  const seconds = secondsOfDuration(escalate_after)
  return status === 'escalated' ? told.escalate_after === seconds : told.escalated_after.includes(seconds)
}

function isUrgent({ except_severity }: QuietHours, event: EventRow): boolean {
  const notification = notificationIn(event)
  return notification !== undefined && rank(notification.severity) >= rank(except_severity)
}

export function tellingOf(needs: NotificationNeeds, row: SubscriptionRow, event: EventRow, attempt: number): Telling {
  return {
    ...{ event, attempt },
    record: () => toRecord(event),
    deliveryId: `msg_${row.id}_${event.id}`,
    now: needs.db.clock.now(),
    language: row.language as Language,
    serverUrl: needs.url(),
    earlier: async (type, subject) => {
      const [found] = await eventsBefore(needs.db, event.seq, 1, { workspace: event.workspace, type, subject })
      return found === undefined ? undefined : toRecord(found).data
    },
    run: name => needs.run(event.workspace, name),
  }
}

/** One try; never throws. */
export async function deliver(
  { sender, mailer }: NotificationNeeds,
  message: Message,
  timeoutMs: number,
): Promise<Outcome> {
  if (message.kind === 'mail') {
    const started = performance.now()
    const ms = () => Math.round(performance.now() - started)
    if (mailer === undefined) return { delivered: false, error: 'no SMTP server is configured (smtp_host)', ms: 0 }
    try {
      const refused = await mailer.send(message, timeoutMs)
      // the others have it: sent once more it would come to them again
      return { delivered: true, ms: ms(), ...(refused.length === 0 ? {} : { error: `e-mail: ${refused.join('; ')}` }) }
    } catch (error) {
      return { delivered: false, error: `e-mail: ${error instanceof Error ? error.message : String(error)}`, ms: ms() }
    }
  }
  const { url, headers, body } = message
  const { status, error, excerpt, retryAfter, ms } = await sender.post({ url, headers, body, timeoutMs })
  if (status !== undefined && status >= 200 && status < 300) return { delivered: true, status, ms }
  const said = excerpt === undefined || excerpt === '' ? '' : `: ${excerpt}`
  return { delivered: false, status, error: `${error ?? 'no answer'}${said}`, retryAfter, ms }
}
