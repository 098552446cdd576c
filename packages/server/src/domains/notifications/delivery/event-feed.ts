import type { Database } from '../../../kernel/db/index.ts'
import { type EventRow, eventCount, eventsAfter } from '../../../kernel/events/index.ts'

/** Newest events kept in memory, so that each is read once however many subscriptions there are. */
const KEPT = 8_000
const PAGE = 1_000

/** The end of the chain in memory, read when somebody asks for it. */
export class EventFeed {
  readonly #db: Database
  #rows: EventRow[] = []
  #reading: Promise<void> | undefined
  #asked = 0

  constructor(db: Database) {
    this.#db = db
  }

  /** The number of the last event that was seen. */
  get last(): number {
    return this.#rows.at(-1)?.seq ?? 0
  }

  /** Reads what was appended since; several callers share one reading, which began after each of their calls or before. */
  async refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  /** Whether an event whose type begins so was read since this was last asked. */
  hasNews(types: string): boolean {
    const from = this.#rows.findLastIndex(row => row.seq <= this.#asked) + 1
    this.#asked = this.last
    return this.#rows.slice(from).some(row => row.type.startsWith(types))
  }

  /** Events after `seq` in order, at most `limit`: from memory, or from the database when they are older. */
  after(seq: number, limit: number): readonly EventRow[] | Promise<readonly EventRow[]> {
    const first = this.#rows[0]
    if (first === undefined || seq >= this.last) return []
    // the chain has no gaps, so a sequence number is a place
    const from = seq - first.seq + 1
    return from >= 0 ? this.#rows.slice(from, from + limit) : eventsAfter(this.#db, seq, limit)
  }

  async #read(): Promise<void> {
    if (this.#rows.length === 0) {
      const end = await eventCount(this.#db)
      this.#rows = await eventsAfter(this.#db, Math.max(0, end - PAGE), PAGE)
    }
    for (;;) {
      const rows = await eventsAfter(this.#db, this.last, PAGE)
      this.#rows.push(...rows)
      if (this.#rows.length > KEPT * 1.5) this.#rows = this.#rows.slice(-KEPT)
      if (rows.length < PAGE) return
    }
  }
}
