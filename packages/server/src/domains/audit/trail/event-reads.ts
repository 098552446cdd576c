import type { Database } from '../../../kernel/db/index.ts'
import type { EventRow } from '../../../kernel/events/index.ts'
import type { MentionTables } from './tables.ts'
import { ROUTINE } from './things.ts'

/** The newest events that have a thing as their subject or tell of it, up to a number in the chain. */
export async function eventsAbout(
  db: Database,
  { workspace, thing, until, limit }: { workspace: string; thing: string; until: number; limit: number },
): Promise<EventRow[]> {
  const own = await db.reads
    .selectFrom('events')
    .selectAll()
    .where('subject', '=', thing)
    .where('seq', '<=', until)
    .where('workspace', '=', workspace)
    .where('type', 'not in', ROUTINE)
    .orderBy('seq', 'desc')
    .limit(limit)
    .execute()
  const told = await db.reads
    .withTables<MentionTables>()
    .selectFrom('event_mentions')
    .innerJoin('events', 'events.seq', 'event_mentions.seq')
    .selectAll('events')
    .where('event_mentions.workspace', '=', workspace)
    .where('thing', '=', thing)
    .where('event_mentions.seq', '<=', until)
    .orderBy('event_mentions.seq', 'desc')
    .limit(limit)
    .execute()
  return [...own, ...(told as EventRow[])]
}

/** The last event of a type with a subject, up to a number in the chain. */
export const lastEvent = (
  db: Database,
  { workspace, subject, type, until }: { workspace: string; subject: string; type: string; until: number },
): Promise<EventRow | undefined> =>
  db.reads
    .selectFrom('events')
    .selectAll()
    .where('subject', '=', subject)
    .where('seq', '<=', until)
    .where('type', '=', type)
    .where('workspace', '=', workspace)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()

/** An event by its id. */
export const eventById = (db: Database, workspace: string, id: string): Promise<EventRow | undefined> =>
  db.reads.selectFrom('events').selectAll().where('id', '=', id).where('workspace', '=', workspace).executeTakeFirst()

/** The number of the last event up to a time. Numbers rise with time, so some twenty rows are looked at. */
export async function seqAt(db: Database, time: string): Promise<number> {
  const head = await db.reads.selectFrom('event_head').select('seq').executeTakeFirst()
  let [low, high] = [0, Number(head?.seq ?? 0)]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const row = await db.reads.selectFrom('events').select('time').where('seq', '=', middle).executeTakeFirst()
    if (row !== undefined && row.time <= time) low = middle
    else high = middle - 1
  }
  return low
}
