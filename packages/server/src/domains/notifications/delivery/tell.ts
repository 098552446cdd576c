import { type EventFilter, type Language, matchesPattern } from '@hagane/contract'
import { compileFilter, type EventRow, eventsBefore, toRecord } from '../../../kernel/events/index.ts'
import { channelOf, type Message, openChannel, type Telling } from '../channels/index.ts'
import type { NotificationNeeds } from '../needs.ts'
import type { SubscriptionRow } from '../tables.ts'
import type { Teller } from './engine.ts'
import type { Outcome } from './runner.ts'

const parsed = <T>(text: string | null): T | undefined => (text === null ? undefined : (JSON.parse(text) as T))

/** What a subscription chooses, when it is told, and how. Throws when its channel cannot be opened. */
export function tellerOf(needs: NotificationNeeds, row: SubscriptionRow): Teller {
  const channel = channelOf(openChannel(needs.secrets, row.channel_sealed))
  const timeoutMs = row.timeout_seconds * 1000
  const passes = filterOf(row)
  return {
    timeoutMs,
    wants: event => event.workspace === row.workspace && passes(event) && channel.tells(event),
    isHeld: () => false,
    async send(event, attempt) {
      const message = await channel.message(tellingOf(needs, row, event, attempt))
      if (message === undefined) return { delivered: true, ms: 0 }
      return deliver(needs, message, timeoutMs)
    },
  }
}

/** A subscription is not told of itself: its failures would be told to the one that fails. */
function filterOf(row: SubscriptionRow): (event: EventRow) => boolean {
  const filter = parsed<EventFilter>(row.event_filter)
  if (filter === undefined) return () => false
  const itself = `subscription/${row.name}`
  const { types, subjects, where } = filter
  const conditions = where === undefined ? undefined : compileFilter({ where })
  return event =>
    event.subject !== itself &&
    (types === undefined || types.some(type => matchesPattern(type, event.type))) &&
    (subjects === undefined || subjects.some(subject => matchesPattern(subject, event.subject))) &&
    (conditions === undefined || conditions(toRecord(event)))
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
      await mailer.send(message, timeoutMs)
      return { delivered: true, ms: ms() }
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
