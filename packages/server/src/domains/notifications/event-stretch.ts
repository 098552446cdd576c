import type { Database } from '../../kernel/db/index.ts'
import { compileFilter, type EventRow, eventsAfter, firstAt, toRecord } from '../../kernel/events/index.ts'

const PAGE = 1000
/** Events looked at for one answer; a filter that passes few goes on with the next page. */
const MOST_READ = 20_000

interface Query {
  from_seq?: number | undefined
  since?: string | undefined
  until_seq?: number | undefined
  until?: string | undefined
  type?: string | undefined
  subject?: string | undefined
  where?: string | undefined
  limit: number
}

/** The events that pass, oldest first, and where to go on. Throws `invalid` for a condition that is none. */
export async function stretchOfEvents(
  db: Database,
  workspace: string,
  query: Query,
): Promise<{ rows: EventRow[]; next?: number }> {
  const passes = query.where === undefined ? undefined : compileFilter({ where: query.where }, 'query')
  const from = Math.max(query.from_seq ?? 1, query.since === undefined ? 1 : await firstAt(db, utc(query.since)))
  const until = query.until === undefined ? undefined : utc(query.until)
  const filter = { workspace, type: query.type, subject: query.subject }
  const rows: EventRow[] = []
  for (let after = from - 1, read = 0; ; ) {
    const page = await eventsAfter(db, after, PAGE, filter)
    for (const event of page) {
      if (event.seq > (query.until_seq ?? event.seq)) return { rows }
      if ((until === undefined || event.time < until) && (passes === undefined || passes(toRecord(event)))) {
        if (rows.length === query.limit) return { rows, next: event.seq }
        rows.push(event)
      }
      after = event.seq
    }
    read += page.length
    if (page.length < PAGE) return { rows }
    if (read >= MOST_READ) return { rows, next: after + 1 }
  }
}

const utc = (time: string): string => new Date(time).toISOString()
