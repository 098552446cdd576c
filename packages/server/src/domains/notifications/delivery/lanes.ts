import type { EventRow } from '../../../kernel/events/index.ts'
import { dueAtMost } from './backoff.ts'
import { Fifo } from './fifo.ts'

/** A delivery that is not yet done. */
export interface Item {
  readonly seq: number
  readonly eventId: string
  readonly type: string
  readonly subject: string
  /** Left out once it waits in the database, to be read again when its turn comes. */
  event: EventRow | undefined
  /** The cursor may pass it: done, or kept as a row. */
  passed: boolean
  attempts: number
  firstAt: number | undefined
  /** Epoch milliseconds; 0 is at once. */
  dueAt: number
}

interface Lane {
  readonly items: Fifo<Item>
}

/**
 * Deliveries in lanes by subject: within a lane one after the other, the next when the one before is done for good; lanes do
 * not wait for each other. No input or output, no clock of its own.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>()
  readonly #ready = new Fifo<Lane>()
  readonly #delayed = new Set<Lane>()
  size = 0

  /** True when it waits behind one that is kept as a row, and has to be kept as well. */
  add(item: Item): boolean {
    this.size++
    const lane = this.#lanes.get(item.subject)
    if (lane === undefined) {
      const made = { items: new Fifo<Item>() }
      made.items.push(item)
      this.#lanes.set(item.subject, made)
      this.#queue(made)
      return false
    }
    lane.items.push(item)
    return lane.items.first()?.passed === true
  }

  /** The next one that may be sent; its lane is busy until `done` or `delay`. */
  take(): Item | undefined {
    return this.#start(this.#ready.shift())
  }

  /** One that failed before and is due, the longest overdue first; if none failed before, any. */
  probe(now: number): Item | undefined {
    return this.#start(this.#delayed.size === 0 ? this.#ready.shift() : this.#earliest(now))
  }

  /** Lets what is due by now take its turn with the others. */
  ripen(now: number): void {
    for (const lane of this.#delayed) {
      const first = lane.items.first()
      if (first === undefined || !isDue(first, now)) continue
      this.#delayed.delete(lane)
      this.#ready.push(lane)
    }
  }

  /** The first of the lane is done for good. */
  done(item: Item): void {
    const lane = this.#laneOf(item)
    lane.items.shift()
    this.size--
    if (lane.items.size === 0) this.#lanes.delete(item.subject)
    else this.#queue(lane)
  }

  /** The first of the lane is to be tried again when it is due; those behind it. */
  delay(item: Item): Item[] {
    const lane = this.#laneOf(item)
    this.#delayed.add(lane)
    return [...lane.items].slice(1)
  }

  /** Makes everything due that waits for its time. */
  hurry(): void {
    for (const lane of this.#delayed) this.#ready.push(lane)
    this.#delayed.clear()
  }

  /** Whether some wait for another try. */
  get hasDelayed(): boolean {
    return this.#delayed.size > 0
  }

  #queue(lane: Lane): void {
    if ((lane.items.first()?.dueAt ?? 0) > 0) this.#delayed.add(lane)
    else this.#ready.push(lane)
  }

  #start(lane: Lane | undefined): Item | undefined {
    if (lane === undefined) return undefined
    this.#delayed.delete(lane)
    return lane.items.first()
  }

  #earliest(now: number): Lane | undefined {
    let found: Lane | undefined
    for (const lane of this.#delayed) {
      const first = lane.items.first()
      if (first === undefined || !isDue(first, now)) continue
      if (first.dueAt < (found?.items.first()?.dueAt ?? Number.POSITIVE_INFINITY)) found = lane
    }
    return found
  }

  #laneOf(item: Item): Lane {
    const lane = this.#lanes.get(item.subject)
    if (lane?.items.first() !== item) throw new Error(`delivery of event ${item.seq} is not the first of its subject`)
    return lane
  }
}

function isDue(item: Item, now: number): boolean {
  item.dueAt = Math.min(item.dueAt, dueAtMost(now))
  return item.dueAt <= now
}
