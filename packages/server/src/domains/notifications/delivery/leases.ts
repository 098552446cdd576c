import type { Database } from '../../../kernel/db/index.ts'
import type { FeedRow } from '../tables.ts'
import { claimFeed } from './store.ts'

const BEAT_MS = 5_000
/** How long an owner may be silent. Longer than the longest delivery and a beat. */
const SILENT_MS = 45_000

/**
 * Who works on which subscription. An owner raises its beat; one who sees the same beat for SILENT_MS by a clock of its own takes the
 * subscription, so that no clock need agree with another, nor be right. The owner begins nothing that could outlast its
 * lease.
 */
export class Leases {
  readonly #me: string
  readonly #now: () => number
  readonly #seen = new Map<string, { fence: number; beat: number; at: number }>()
  #beatenAt: number

  constructor(me: string, now: () => number) {
    this.#me = me
    this.#now = now
    this.#beatenAt = now()
  }

  isToBeat(now: number): boolean {
    return now - this.#beatenAt >= BEAT_MS
  }

  /** The beat that was begun at `at` has been written. */
  beaten(at: number): void {
    this.#beatenAt = at
  }

  /** Whether what begins now and takes so long at most ends before anybody else may take over. */
  coversNext(timeoutMs: number): boolean {
    return this.#now() + timeoutMs < this.#beatenAt + SILENT_MS
  }

  /** The fence of a subscription that is free, was left by an earlier life of this server, or whose owner is silent; else undefined. */
  async take(db: Database, feed: FeedRow): Promise<number | undefined> {
    const { subscription_id: id, lease_owner: owner, lease_beat: beat, fence } = feed
    const mayTake = owner === null || owner === this.#me || this.#isSilent(id, fence, beat)
    if (!mayTake) return undefined
    this.#seen.delete(id)
    return claimFeed(db, id, this.#me, fence)
  }

  #isSilent(id: string, fence: number, beat: number): boolean {
    const seen = this.#seen.get(id)
    if (seen?.fence === fence && seen.beat === beat) return this.#now() - seen.at >= SILENT_MS
    this.#seen.set(id, { fence, beat, at: this.#now() })
    return false
  }
}
