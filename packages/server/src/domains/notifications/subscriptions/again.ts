import { type EventRecord, HaganeError } from '@hagane/contract'
import type { Tx, Who } from '../../../kernel/db/index.ts'
import { type EventRow, eventCount, eventsAfter, findEvent, firstAt } from '../../../kernel/events/index.ts'
import { newUlid } from '../../../kernel/ids.ts'
import { deadAlert } from '../delivery/health.ts'
import { nudge, reviveDead, upsertDeliveries } from '../delivery/store.ts'
import { ALERT_MAIL, deliver, openedChannel, tellerOf, tellingOf, withoutSecrets } from '../delivery/tell.ts'
import type { NotificationNeeds } from '../needs.ts'
import type { DeliveryRow } from '../tables.ts'
import { getSubscription } from './service.ts'

/** Deliveries that one replay may ask for. */
const MOST_REPLAYED = 100_000
const PAGE = 1000

/** Delivers one event again, or all that were given up; how many. Throws not_found. */
export async function redeliver(
  needs: NotificationNeeds,
  who: Who,
  name: string,
  asked: { event: string } | { state: 'dead' },
): Promise<number> {
  const { id } = await getSubscription(needs, who.workspace, name)
  if ('event' in asked) {
    const event = await findEvent(needs.db, who.workspace, asked.event)
    return again(needs, who, { id, name }, async tx => {
      await upsertDeliveries(tx, [dueNow(id, event)])
      return 1
    })
  }
  return again(needs, who, { id, name }, tx => reviveDead(tx, id))
}

interface Stretch {
  from_seq?: number | undefined
  since?: string | undefined
  until_seq?: number | undefined
  until?: string | undefined
}

/** Delivers again what passes the filter in a stretch of the past; how many. Throws not_found, invalid when it is too long. */
export async function replay(needs: NotificationNeeds, who: Who, name: string, stretch: Stretch): Promise<number> {
  const row = await getSubscription(needs, who.workspace, name)
  const { wants } = tellerOf(needs, row)
  const from = stretch.from_seq ?? (await firstAt(needs.db, new Date(stretch.since ?? '').toISOString()))
  // what comes after the cursor is told anyway
  const last = Math.min(stretch.until_seq ?? row.event_cursor, row.event_cursor)
  const until = stretch.until === undefined ? undefined : new Date(stretch.until).toISOString()
  const rows: DeliveryRow[] = []
  for (let after = from - 1; after < last; ) {
    const events = await eventsAfter(needs.db, after, PAGE)
    for (const event of events)
      if (event.seq <= last && (until === undefined || event.time < until) && wants(event))
        rows.push(dueNow(row.id, event))
    if (rows.length > MOST_REPLAYED) throw tooMany()
    after = events.at(-1)?.seq ?? last
  }
  return again(needs, who, { id: row.id, name }, async tx => {
    for (let i = 0; i < rows.length; i += PAGE) await upsertDeliveries(tx, rows.slice(i, i + PAGE))
    return rows.length
  })
}

function again(
  { db }: NotificationNeeds,
  who: Who,
  { id, name }: { id: string; name: string },
  change: (tx: Tx) => Promise<number>,
): Promise<number> {
  return db.withTransaction(who, async tx => {
    // the feed before its deliveries, as its owner writes them: the other order is a deadlock on PostgreSQL
    await nudge(tx, id)
    const deliveries = await change(tx)
    if (deliveries === 0) return 0
    tx.append({
      type: 'dev.hagane.subscription.redelivered',
      subject: `subscription/${name}`,
      data: { name, deliveries, alert: { ...deadAlert(name), state: 'resolved' } },
    })
    return deliveries
  })
}

function dueNow(subscription: string, event: EventRow): DeliveryRow {
  const { seq, id: event_id, type, subject } = event
  return {
    ...{ subscription_id: subscription, seq, event_id, type, subject, state: 'retrying', attempts: 0 },
    ...{ first_at: null, last_at: null, due_at: null, status: null, error: null, duration_ms: null },
  }
}

/** Sends a made-up event once and tells what came of it. Throws not_found. */
export async function test(needs: NotificationNeeds, who: Who, name: string) {
  const row = await getSubscription(needs, who.workspace, name)
  if (name === ALERT_MAIL) throw noWords()
  const now = needs.db.clock.now()
  const data: EventRecord['data'] = { name, message: 'a test of this subscription', requested_by: who.actor }
  const event: EventRow = {
    ...{ seq: await eventCount(needs.db), id: newUlid(now.getTime()), time: now.toISOString() },
    ...{ workspace: who.workspace, actor: who.actor, type: 'dev.hagane.subscription.test' },
    ...{ subject: `subscription/${name}`, data: JSON.stringify(data), prev_hash: '', hash: '' },
  }
  const { channel, hide } = openedChannel(needs, row)
  const message = await channel.message(tellingOf(needs, row, event, 1))
  if (message === undefined) throw noWords()
  const outcome = await deliver(needs, message, row.timeout_seconds * 1000)
  const { delivered, status, error, ms } = withoutSecrets(outcome, hide)
  return {
    delivered,
    ...(status === undefined ? {} : { status }),
    ...(error === undefined ? {} : { error }),
    duration_ms: ms,
  }
}

const noWords = (): HaganeError =>
  new HaganeError('unsupported', 'this channel has no words for a test event', {
    hint: 'wait for an event that it tells, or redeliver one: `hagane subscription redeliver`',
  })

const tooMany = (): HaganeError =>
  new HaganeError('too_large', `a replay may hold at most ${MOST_REPLAYED} deliveries`, {
    hint: 'narrow it with until_seq or until, or read the events (`hagane event replay`) and send them yourself',
  })
