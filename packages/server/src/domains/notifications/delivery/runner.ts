import type { EventRow } from '../../../kernel/events/index.ts'
import type { DeliveryRow } from '../tables.ts'
import { isGivenUp, pauseAfter } from './backoff.ts'
import { Fifo } from './fifo.ts'
import { type Item, Lanes } from './lanes.ts'

/** Deliveries of one subscription under way at once, each of another subject. */
const AT_ONCE = 32
/** Deliveries in memory, under way or waiting: then no further event is read, and the cursor stays. */
const MOST_OPEN = 10_000
const PAGE = 500
/** So many failures without a success between them: the receiver is down, and asked one at a time. */
const DOWN_AFTER = 5
const HELD_MS = 30_000

export type Health = 'healthy' | 'failing' | 'down'

/** What came of one try. */
export interface Outcome {
  readonly delivered: boolean
  readonly status?: number | undefined
  readonly error?: string | undefined
  readonly retryAfter?: number | undefined
  readonly ms: number
}

export interface RunnerNeeds {
  now(): number
  random(): number
  after(seq: number, limit: number): readonly EventRow[] | Promise<readonly EventRow[]>
  /** One event that is no longer in memory; undefined when its row is gone. */
  event(seq: number): Promise<EventRow | undefined>
  wants(event: EventRow): boolean
  /** Whether it must not be told now. */
  isHeld(event: EventRow): boolean
  send(event: EventRow, attempt: number): Promise<Outcome>
  /** Whether a try that begins now ends while this server still has the subscription. */
  mayStart(): boolean
  /** There is something to write. */
  changed(): void
  failed(error: unknown): void
}

/** Where a subscription stands, as the database has it. */
export interface Standing {
  readonly id: string
  readonly cursor: number
  readonly health: Health
  /** Deliveries that are not done, and those beyond the cursor that are, in order. */
  readonly rows: readonly DeliveryRow[]
}

/** What has changed since it was last written. */
export interface Progress {
  readonly cursor: number
  readonly rows: readonly DeliveryRow[]
  readonly health: Health
  readonly lastError: string | null
  /** Given up since then. */
  readonly dead: readonly DeliveryRow[]
}

/**
 * Delivers the events of one subscription: in order within a subject, subjects side by side, never one twice at the same time.
 * Results are kept in memory until `progress` takes them to be written; a death before that repeats some deliveries under
 * the same ids.
 */
export class Runner {
  readonly #needs: RunnerNeeds
  readonly #id: string
  readonly #lanes = new Lanes()
  /** In order of the events; done ones leave at the front. */
  readonly #open = new Fifo<Item>()
  readonly #dirty = new Map<number, DeliveryRow>()
  /** Rows beyond the cursor: their turn comes with that of the other events of their subjects. */
  readonly #ahead = new Map<number, DeliveryRow>()
  #dead: DeliveryRow[] = []
  #read: number
  #inFlight = 0
  #failures = 0
  #health: Health
  #lastError: string | null = null
  #reading = false
  #stopped = false
  #idle: (() => void) | undefined

  constructor(needs: RunnerNeeds, standing: Standing) {
    this.#needs = needs
    this.#id = standing.id
    this.#read = standing.cursor
    this.#health = standing.health
    this.#failures = standing.health === 'down' ? DOWN_AFTER : 0
    for (const row of standing.rows) {
      if (row.seq > standing.cursor) this.#ahead.set(row.seq, row)
      else this.#resume(row)
    }
  }

  get health(): Health {
    return this.#health
  }

  /** Starts what may be started, and reads on. */
  pump(): void {
    if (this.#stopped) return
    if (this.#health !== 'down') this.#lanes.ripen(this.#needs.now())
    this.#startAll()
    void this.#readOn().catch(this.#needs.failed)
  }

  /** Starts nothing more; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#inFlight > 0) await new Promise<void>(resolve => (this.#idle = resolve))
  }

  /** Takes what is to be written. */
  progress(): Progress {
    while (this.#open.first()?.passed === true) this.#open.shift()
    const progress = {
      cursor: (this.#open.first()?.seq ?? this.#read + 1) - 1,
      rows: [...this.#dirty.values()],
      health: this.#health,
      lastError: this.#lastError,
      dead: this.#dead,
    }
    this.#dirty.clear()
    this.#dead = []
    return progress
  }

  /** Puts back what could not be written; what happened since stays newer. */
  unwritten({ rows, dead }: Progress): void {
    for (const row of rows) if (!this.#dirty.has(row.seq)) this.#dirty.set(row.seq, row)
    this.#dead = [...dead, ...this.#dead]
  }

  async #readOn(): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    try {
      while (!this.#stopped && this.#health !== 'down' && this.#lanes.size < MOST_OPEN) {
        const from = this.#read
        const found = this.#needs.after(from, PAGE)
        const events = found instanceof Promise ? await found : found
        if (events.length === 0) break
        for (const event of events) this.#offer(event)
        this.#needs.changed()
        this.#startAll()
      }
    } finally {
      this.#reading = false
    }
  }

  #offer(event: EventRow): void {
    this.#read = event.seq
    const row = this.#ahead.get(event.seq)
    if (row !== undefined) this.#resume(row)
    if (row !== undefined || !this.#needs.wants(event)) return
    const { seq, id: eventId, type, subject } = event
    const item: Item = {
      ...{ seq, eventId, type, subject, event },
      ...{ passed: false, attempts: 0, firstAt: undefined, dueAt: 0 },
    }
    this.#open.push(item)
    if (this.#lanes.add(item)) this.#keep(item, 'waiting')
  }

  /** Takes up one that an earlier runner left. */
  #resume(row: DeliveryRow): void {
    this.#ahead.delete(row.seq)
    if (row.state === 'retrying' || row.state === 'waiting') this.#lanes.add(itemOf(row))
  }

  #startAll(): void {
    const now = this.#needs.now()
    while (!this.#stopped && this.#needs.mayStart()) {
      const probing = this.#health === 'down'
      if (this.#inFlight >= (probing ? 1 : AT_ONCE)) return
      const item = probing ? this.#lanes.probe(now) : this.#lanes.take()
      if (item === undefined) return
      this.#inFlight++
      void this.#tell(item)
        .catch(this.#needs.failed)
        .finally(() => {
          if (--this.#inFlight === 0) this.#idle?.()
          this.#startAll()
          if (this.#inFlight < AT_ONCE / 2) void this.#readOn().catch(this.#needs.failed)
        })
    }
  }

  async #tell(item: Item): Promise<void> {
    const event = item.event ?? (await this.#needs.event(item.seq))
    if (event === undefined)
      return this.#settle(item, { delivered: false, error: 'the event is no longer there', ms: 0 }, true)
    if (this.#needs.isHeld(event)) return this.#hold(item)
    item.attempts++
    item.firstAt ??= this.#needs.now()
    const outcome = await this.#needs.send(event, item.attempts).catch((error: unknown) => {
      this.#needs.failed(error)
      return { delivered: false, error: 'the server failed to make the message; its log has the reason', ms: 0 }
    })
    this.#settle(item, outcome, false)
  }

  /** In quiet hours: kept, and looked at again a little later. */
  #hold(item: Item): void {
    item.dueAt = this.#needs.now() + HELD_MS
    this.#keep(item, 'waiting')
    for (const behind of this.#lanes.delay(item)) this.#keep(behind, 'waiting')
  }

  #settle(item: Item, outcome: Outcome, forGood: boolean): void {
    const now = this.#needs.now()
    item.firstAt ??= now
    this.#judge(outcome)
    const isDead = forGood || isGivenUp(item.attempts, item.firstAt, now)
    if (outcome.delivered || isDead) this.#finish(item, outcome, now)
    else this.#retryLater(item, outcome, now)
  }

  #retryLater(item: Item, outcome: Outcome, now: number): void {
    item.dueAt = now + pauseAfter(item.attempts, outcome.retryAfter, this.#needs.random())
    this.#keep(item, 'retrying', outcome, now)
    for (const behind of this.#lanes.delay(item)) this.#keep(behind, 'waiting')
  }

  #judge({ delivered, error }: Outcome): void {
    this.#failures = delivered ? 0 : this.#failures + 1
    if (!delivered) this.#lastError = error ?? null
    // the receiver is back: nobody waits out a pause that was meant for its absence
    if (delivered && this.#health === 'down') this.#lanes.hurry()
    if (delivered) this.#health = this.#lanes.hasDelayed ? 'failing' : 'healthy'
    else if (this.#failures >= DOWN_AFTER) this.#health = 'down'
    else if (this.#health !== 'down') this.#health = 'failing'
  }

  #finish(item: Item, outcome: Outcome, now: number): void {
    const state = outcome.delivered ? 'delivered' : 'dead'
    const row = this.#rowOf(item, state, outcome, now)
    this.#dirty.set(item.seq, row)
    if (state === 'dead') this.#dead.push(row)
    item.passed = true
    item.event = undefined
    this.#lanes.done(item)
    this.#needs.changed()
  }

  /** Keeps an unfinished one as a row, so that the cursor may pass it and a restart finds it. */
  #keep(item: Item, state: 'retrying' | 'waiting', outcome?: Outcome, now?: number): void {
    if (state === 'waiting' && item.passed) return
    this.#dirty.set(item.seq, this.#rowOf(item, state, outcome, now))
    item.passed = true
    item.event = undefined
    this.#needs.changed()
  }

  #rowOf(item: Item, state: DeliveryRow['state'], outcome: Outcome | undefined, now: number | undefined): DeliveryRow {
    return {
      subscription_id: this.#id,
      seq: item.seq,
      event_id: item.eventId,
      type: item.type,
      subject: item.subject,
      state,
      attempts: item.attempts,
      first_at: item.firstAt ?? null,
      last_at: now ?? null,
      due_at: state === 'retrying' ? item.dueAt : null,
      status: outcome?.status ?? null,
      error: outcome?.error ?? null,
      duration_ms: outcome?.ms ?? null,
    }
  }
}

const itemOf = (row: DeliveryRow): Item => ({
  seq: row.seq,
  eventId: row.event_id,
  type: row.type,
  subject: row.subject,
  event: undefined,
  passed: true,
  attempts: row.attempts,
  firstAt: row.first_at ?? undefined,
  dueAt: row.due_at ?? 0,
})
