import { setImmediate } from 'node:timers/promises'
import { type EventRecord, HaganeError } from '@hagane/contract'
import { type Database, type EventRow, faultOf, GENESIS, type Verification } from '../db/index.ts'

export interface EventFilter {
  workspace?: string | undefined
  type?: string | undefined
  subject?: string | undefined
  actor?: string | undefined
  /** Id of the event that a chain of steps began with: that event, and all that carry it. */
  correlation?: string | undefined
}

export const toRecord = (row: EventRow): EventRecord => ({ ...row, data: safeData(row.data) })

const safeData = (text: string): Record<string, unknown> => {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return { damaged: text.slice(0, 1000) }
  }
}

/** Whoever reads so many at once reads on, and lets others have their turn before: SQLite answers without a pause. */
const LARGE_PAGE = 500

/** Events after `after` in order of the chain; a `type` or `subject` that ends in `*` is a prefix. */
export async function eventsAfter(
  db: Database,
  after: number,
  limit: number,
  filter: EventFilter = {},
): Promise<EventRow[]> {
  const rows = await filtered(db, filter).where('seq', '>', after).orderBy('seq').limit(limit).execute()
  if (rows.length >= LARGE_PAGE) await setImmediate()
  return rows
}

/** The newest events first, before `before`. */
export async function eventsBefore(
  db: Database,
  before: number | undefined,
  limit: number,
  filter: EventFilter = {},
): Promise<EventRow[]> {
  const query = filtered(db, filter).orderBy('seq', 'desc').limit(limit)
  return (before === undefined ? query : query.where('seq', '<', before)).execute()
}

function filtered(db: Database, filter: EventFilter) {
  let query = db.reads.selectFrom('events').selectAll()
  for (const column of ['workspace', 'type', 'subject', 'actor'] as const) {
    const wanted = filter[column]
    if (wanted === undefined) continue
    query = wanted.endsWith('*')
      ? query.where(column, '>=', wanted.slice(0, -1)).where(column, '<', `${wanted.slice(0, -1)}\u{10FFFF}`)
      : query.where(column, '=', wanted)
  }
  const { correlation } = filter
  if (correlation === undefined) return query
  return query.where(({ eb, or, selectFrom }) =>
    or([
      eb('id', '=', correlation),
      eb('seq', 'in', selectFrom('event_correlations').select('seq').where('correlation', '=', correlation)),
    ]),
  )
}

/**
 * Walks the chain in pages, from an event that is known to hold or from the beginning; says how many events hold, or which
 * one does not and why. Others get their turn between the pages.
 */
export async function verifyChain(db: Database, since = { seq: 0, hash: GENESIS }): Promise<Verification> {
  const head = await db.reads.selectFrom('event_head').select(['seq', 'hash']).executeTakeFirst()
  let previous = since
  for (;;) {
    const rows = await eventsAfter(db, previous.seq, 2000)
    for (const row of rows) {
      const reason = faultOf(row, previous)
      if (reason !== undefined) {
        const { seq, id, type, subject } = row
        return { ok: false, count: previous.seq, seq, id, type, subject, reason }
      }
      previous = row
    }
    if (rows.length < 2000) break
  }
  // events may have been appended since the head was read; only a shorter or different chain is a fault
  if (head !== undefined && previous.seq < head.seq)
    return {
      ok: false,
      count: previous.seq,
      seq: previous.seq + 1,
      reason: `the chain ends here, but ${head.seq} events were written: the rest was removed`,
    }
  return { ok: true, count: previous.seq, head: previous.hash }
}

/** How many events the chain holds. */
export async function eventCount(db: Database): Promise<number> {
  const head = await db.reads.selectFrom('event_head').select('seq').executeTakeFirst()
  return head?.seq ?? 0
}

/** Up to which event a consumer has read. From the writing connection: it moves with each batch. */
export async function cursorOf(db: Database, name: string): Promise<number> {
  const row = await db.writes.selectFrom('consumers').select('cursor').where('name', '=', name).executeTakeFirst()
  return row?.cursor ?? 0
}

/** How many events each consumer has not handled yet, by its name. */
export async function consumerLags(db: Database): Promise<Record<string, number>> {
  const head = await eventCount(db)
  const rows = await db.reads.selectFrom('consumers').select(['name', 'cursor']).execute()
  return Object.fromEntries(rows.map(({ name, cursor }) => [name, Math.max(0, head - Number(cursor))]))
}

/** An event of a workspace by id or sequence number. Throws not_found. */
export async function findEvent(db: Database, workspace: string, which: string): Promise<EventRow> {
  const query = db.reads.selectFrom('events').selectAll().where('workspace', '=', workspace)
  const isSeq = /^\d{1,15}$/.test(which)
  const found = await (isSeq
    ? query.where('seq', '=', Number(which))
    : query.where('id', '=', which)
  ).executeTakeFirst()
  if (found !== undefined) return found
  throw new HaganeError('not_found', `no event '${which}' in workspace ${workspace}`, {
    hint: '`hagane event list` shows ids and sequence numbers',
  })
}

/** The number of the first event that is not before a time (RFC 3339 in UTC), or one more than the last. */
export async function firstAt(db: Database, time: string): Promise<number> {
  const found = await db.reads
    .selectFrom('events')
    .select('seq')
    .where('time', '>=', time)
    .orderBy('time')
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst()
  return found?.seq ?? (await eventCount(db)) + 1
}
