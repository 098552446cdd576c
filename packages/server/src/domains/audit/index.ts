import { Readable } from 'node:stream'
import { auditRoutes, type EventRecord, HaganeError } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import {
  type EventFilter,
  eventCount,
  eventsAfter,
  eventsBefore,
  toRecord,
  verifyChain,
} from '../../kernel/events/index.ts'
import { type BoundRoute, EVERY_WORKSPACE, implement, numberCursor, pageFrom } from '../../kernel/http/index.ts'

/** The event log as people read it: list, verify, export, follow. Appending is the kernel's. */
export function buildAudit({ db }: { db: Database }): { routes: BoundRoute[] } {
  return {
    routes: [
      implement(auditRoutes.list, async call => {
        const { limit, cursor, type, subject, actor } = call.query
        const rows = await eventsBefore(db, numberCursor(cursor), limit + 1, {
          workspace: call.workspace,
          type,
          subject,
          actor,
        })
        return pageFrom(rows, limit, toRecord, row => [row.seq])
      }),
      implement(auditRoutes.verify, async () => verifyChain(db)),
      implement(auditRoutes.export, async call => {
        // the chain holds only as a whole, and the whole tells of every workspace
        if (!call.caller.can('audit.read', EVERY_WORKSPACE))
          throw new HaganeError('forbidden', `${call.actor} may read the events of workspace ${call.workspace} only`, {
            hint: 'list them instead (`hagane event list`), or use a token that is not confined to one workspace',
          })
        return {
          stream: Readable.from(exported(db, call.query.after)),
          headers: {
            'content-type': 'application/x-ndjson',
            'content-disposition': 'attachment; filename="hagane-audit.ndjson"',
          },
        }
      }),
      implement(auditRoutes.stream, async call => {
        const resume = lastEventId(call.headers['last-event-id']) ?? call.query.after
        const filter = {
          workspace: call.workspace,
          type: call.query.type,
          subject: call.query.subject,
          actor: call.query.actor,
        }
        return {
          stream: Readable.from(feed(db, resume, filter, call.signal)),
          headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
        }
      }),
    ],
  }
}

/** What a reconnecting EventSource sends; anything but a sequence number of ours is as good as nothing. */
const lastEventId = (header: string | string[] | undefined): number | undefined =>
  /^\d{1,15}$/.test(String(header)) ? Number(header) : undefined

/** `data` stays the stored text, so that the hash can be computed again from the file alone. */
async function* exported(db: Database, after: number): AsyncGenerator<string> {
  for (let from = after; ; ) {
    const rows = await eventsAfter(db, from, 1000)
    if (rows.length > 0) yield rows.map(row => `${JSON.stringify(row)}\n`).join('')
    const last = rows.at(-1)
    if (last === undefined || rows.length < 1000) return
    from = last.seq
  }
}

const HEARTBEAT_MS = 15_000

/** Server-sent events: history from `after` first, then each commit as it comes; a comment now and then keeps the line open. */
async function* feed(
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
