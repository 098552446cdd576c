import type { EventRecord } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import { type EventFilter, eventCount, eventsAfter, eventsBefore, toRecord } from '../../kernel/events/index.ts'

/** What a reconnecting EventSource sends; anything but a sequence number of ours is as good as nothing. */
export const lastEventId = (header: string | string[] | undefined): number | undefined =>
  /^\d{1,15}$/.test(String(header)) ? Number(header) : undefined

const HEARTBEAT_MS = 15_000

/** Server-sent events: history from `after` first, then each commit as it comes; a comment now and then keeps the line open. */
export async function* feed(
  db: Database,
  after: number | undefined,
  filter: EventFilter,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let from = after ?? (await eventsBefore(db, undefined, 1))[0]?.seq ?? 0
  yield ': hagane events\n\n'
  while (!signal.aborted) {
    const changed = nextCommit(db, signal)
    // what lies before the head and does not pass the filter is not looked at again
    const head = await eventCount(db)
    const rows = await eventsAfter(db, from, 500, filter)
    for (const row of rows) yield asMessage(toRecord(row))
    const isWhole = rows.length < 500
    from = Math.max(isWhole ? head : 0, rows.at(-1)?.seq ?? from)
    if (isWhole) yield (await changed) ? '' : ': still here\n\n'
  }
}

/** True when something was committed, false after the heartbeat's time or when the listener left. */
function nextCommit(db: Database, signal: AbortSignal): Promise<boolean> {
  return new Promise(resolve => {
    const end = (value: boolean) => {
      unsubscribe()
      clearTimeout(timer)
      signal.removeEventListener('abort', left)
      resolve(value)
    }
    const left = () => end(false)
    const unsubscribe = db.onEvents(() => end(true))
    const timer = setTimeout(left, HEARTBEAT_MS)
    signal.addEventListener('abort', left, { once: true })
  })
}

const asMessage = (event: EventRecord): string =>
  `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
