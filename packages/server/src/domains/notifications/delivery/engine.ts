import { setTimeout as sleep } from 'node:timers/promises'
import type { Database, Tx } from '../../../kernel/db/index.ts'
import { type EventRow, eventsAfter } from '../../../kernel/events/index.ts'
import type { Logger } from '../../../kernel/log.ts'
import { EventFeed } from './event-feed.ts'
import { Leases } from './leases.ts'
import { enabledFeeds, type Fed, unfinished } from './reads.ts'
import { type Health, type Outcome, type Progress, Runner } from './runner.ts'
import { beat, type DeliveryLog, prune, releaseFeeds, writeProgress } from './store.ts'

const POLL_MS = 1_000
const FLUSH_MS = 100
const PRUNE_MS = 60_000

/** How a subscription's events are chosen and told. */
export interface Teller {
  readonly timeoutMs: number
  wants(event: EventRow): boolean
  isHeld(event: EventRow): boolean
  send(event: EventRow, attempt: number): Promise<Outcome>
}

export interface EngineNeeds {
  db: Database
  log: Logger
  serverId: string
  deliveryLog: DeliveryLog
  teller(subscription: Fed): Teller
  /** Appends what people should know of, in the transaction that keeps it. */
  tell(tx: Tx, subscription: Fed, change: { from: Health; progress: Progress }): void
}

interface Running {
  fed: Fed
  fence: number
  runner: Runner
  health: Health
}

interface Written {
  id: string
  running: Running
  progress: Progress
}

export interface Engine {
  start(): void
  /** Looks at once at what is due, and what other servers left. */
  poll(): Promise<void>
  stop(): Promise<void>
}

/** Runs the subscriptions that this server holds, and takes those that nobody does. */
export function buildEngine(needs: EngineNeeds): Engine {
  const work = new Deliveries(needs)
  let timer: NodeJS.Timeout | undefined
  let stopHints = () => {}
  return {
    start() {
      stopHints = needs.db.onEvents(() => work.wake())
      timer = setInterval(() => void work.poll().catch(work.failed), POLL_MS)
      void work.poll().catch(work.failed)
    },
    poll: () => work.poll(),
    async stop() {
      stopHints()
      clearInterval(timer)
      await work.stop()
    },
  }
}

class Deliveries {
  readonly #needs: EngineNeeds
  readonly #feed: EventFeed
  readonly #leases: Leases
  readonly #running = new Map<string, Running>()
  readonly #dirty = new Set<string>()
  /** Said once for each version of a subscription. */
  readonly #unreadable = new Set<string>()
  #polling: Promise<void> | undefined
  #flushing: Promise<void> | undefined
  #writing: Promise<void> = Promise.resolve()
  #waking: Promise<void> | undefined
  #again = false
  #stopped = false
  #prunedAt = performance.now()

  constructor(needs: EngineNeeds) {
    this.#needs = needs
    this.#feed = new EventFeed(needs.db)
    this.#leases = new Leases(needs.serverId, () => performance.now())
  }

  readonly failed = (error: unknown): void =>
    this.#needs.log.error({ err: error }, 'delivering events failed; it will be tried again')

  /** Something was appended: costs nothing when nobody subscribed. */
  wake(): void {
    if (this.#running.size === 0) return
    this.#again = true
    this.#waking ??= this.#follow()
      .catch(this.failed)
      .finally(() => {
        this.#waking = undefined
      })
  }

  async #follow(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false
      await this.#feed.refresh()
      // one that was deleted, disabled or changed does not go on until the next poll
      if (this.#feed.hasNews('dev.hagane.subscription.')) await this.poll()
      this.#pumpAll()
    }
  }

  poll(): Promise<void> {
    this.#polling ??= this.#look().finally(() => {
      this.#polling = undefined
    })
    return this.#polling
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#polling?.catch(() => undefined)
    await Promise.all([...this.#running.values()].map(({ runner }) => runner.stop()))
    await this.#flush()
    if (this.#running.size > 0) await releaseFeeds(this.#needs.db, this.#needs.serverId)
    this.#running.clear()
  }

  async #look(): Promise<void> {
    const { db, serverId } = this.#needs
    const before = performance.now()
    const feeds = await enabledFeeds(db)
    if (this.#stopped) return
    await this.#drop(feeds)
    if (feeds.length === 0) return
    if (this.#leases.isToBeat(before)) {
      await beat(db, serverId)
      this.#leases.beaten(before)
    }
    await this.#feed.refresh()
    for (const fed of feeds) await this.#keep(fed)
    this.#pumpAll()
    if (performance.now() - this.#prunedAt > PRUNE_MS) await this.#prune()
  }

  /** Lets go of what was deleted, disabled or taken by another server. */
  async #drop(feeds: readonly Fed[]): Promise<void> {
    const present = new Map(feeds.map(fed => [fed.id, fed]))
    for (const [id, { runner, fence }] of this.#running) {
      const fed = present.get(id)
      if (fed !== undefined && fed.fence === fence) continue
      await runner.stop()
      await this.#flush()
      this.#running.delete(id)
    }
  }

  async #keep(fed: Fed): Promise<void> {
    const held = this.#running.get(fed.id)
    if (held !== undefined && held.fed.nudge === fed.nudge && held.fed.revision === fed.revision) return
    if (held !== undefined) {
      await held.runner.stop()
      await this.#flush()
      this.#running.delete(fed.id)
    }
    // a server with another key cannot read the channel, and leaves the subscription to one that can
    if (this.#tellerOf(fed) === undefined) return
    const fence = held?.fence ?? (await this.#leases.take(this.#needs.db, fed))
    if (fence !== undefined) await this.#run(fed.id, fence)
  }

  #tellerOf(fed: Fed): Teller | undefined {
    try {
      return this.#needs.teller(fed)
    } catch (error) {
      const version = `${fed.id}/${fed.revision}`
      if (!this.#unreadable.has(version))
        this.#needs.log.warn({ err: error, subscription: fed.name }, 'this server cannot deliver for a subscription')
      this.#unreadable.add(version)
      return undefined
    }
  }

  async #run(id: string, fence: number): Promise<void> {
    const fed = (await enabledFeeds(this.#needs.db)).find(row => row.id === id)
    if (fed === undefined || fed.fence !== fence || this.#stopped) return
    const rows = await unfinished(this.#needs.db, fed)
    const teller = this.#tellerOf(fed)
    if (teller === undefined) return
    const health = fed.health as Health
    const runner = new Runner(this.#faceOf(fed, teller), { id, cursor: fed.event_cursor, health, rows })
    this.#running.set(id, { fed, fence, runner, health })
    runner.pump()
  }

  #faceOf(fed: Fed, teller: Teller) {
    const { db } = this.#needs
    return {
      now: () => db.clock.now().getTime(),
      random: Math.random,
      after: (seq: number, limit: number) => this.#feed.after(seq, limit),
      event: async (seq: number) => (await eventsAfter(db, seq - 1, 1)).find(event => event.seq === seq),
      wants: teller.wants,
      isHeld: teller.isHeld,
      send: teller.send,
      mayStart: () => this.#leases.coversNext(teller.timeoutMs),
      changed: () => this.#changed(fed.id),
      failed: this.failed,
    }
  }

  #pumpAll(): void {
    for (const { runner } of this.#running.values()) runner.pump()
  }

  #changed(id: string): void {
    this.#dirty.add(id)
    if (this.#stopped) return
    this.#flushing ??= sleep(FLUSH_MS)
      .then(() => this.#flush())
      .catch(this.failed)
      .finally(() => {
        this.#flushing = undefined
        if (this.#dirty.size > 0) this.#changed([...this.#dirty][0] as string)
      })
  }

  /** Writes what came of the deliveries of all subscriptions; one writing after the other, so that the newest stays. */
  #flush(): Promise<void> {
    const next = this.#writing.then(() => this.#write())
    this.#writing = next.catch(() => undefined)
    return next
  }

  async #write(): Promise<void> {
    const all = [...this.#dirty].sort().flatMap(id => {
      const running = this.#running.get(id)
      return running === undefined ? [] : [{ id, running, progress: running.runner.progress() }]
    })
    this.#dirty.clear()
    const isNews = ({ running: { health }, progress }: Written) =>
      (health === 'down') !== (progress.health === 'down') || progress.dead.length > 0
    await this.#writeAll(all.filter(written => !isNews(written)))
    for (const written of all.filter(isNews)) await this.#writeNews(written)
  }

  async #writeAll(all: readonly Written[]): Promise<void> {
    if (all.length === 0) return
    const { db } = this.#needs
    await this.#orKept(all, () =>
      db.relaxed(async tx => {
        for (const { id, running, progress } of all)
          await writeProgress(
            { db: tx, dialect: db.dialect },
            { id, fence: running.fence, nudge: running.fed.nudge },
            progress,
          )
      }),
    )
  }

  async #writeNews(written: Written): Promise<void> {
    const { id, running, progress } = written
    const who = { workspace: running.fed.workspace, actor: 'server' }
    await this.#orKept([written], () =>
      this.#needs.db.withTransaction(who, async tx => {
        if (await writeProgress(tx, { id, fence: running.fence, nudge: running.fed.nudge }, progress))
          this.#needs.tell(tx, running.fed, { from: running.health, progress })
      }),
    )
  }

  async #orKept(all: readonly Written[], write: () => Promise<void>): Promise<void> {
    try {
      await write()
      for (const { running, progress } of all) running.health = progress.health
    } catch (error) {
      for (const { id, running, progress } of all) {
        running.runner.unwritten(progress)
        this.#dirty.add(id)
      }
      throw error
    }
  }

  async #prune(): Promise<void> {
    this.#prunedAt = performance.now()
    for (const id of this.#running.keys()) await prune(this.#needs.db, id, this.#needs.deliveryLog)
  }
}
