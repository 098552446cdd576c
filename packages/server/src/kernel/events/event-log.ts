import type { Database, EventRow } from '../db/index.ts'
import type { Logger } from '../log.ts'
import { cursorOf, eventsAfter } from './reads.ts'
import { moveCursor } from './store.ts'

type Handler = (events: readonly EventRow[]) => Promise<void>

/** Cursored consumers of the chain: each sees every event in order at least once, also across crashes. */
export interface EventLog {
  /** Registers a consumer. `handler` must be able to see an event twice. */
  consume(name: string, handler: Handler): Consumer
  stop(): Promise<void>
}

export interface Consumer {
  /** Resolves when everything committed before the call has been handled. */
  catchUp(): Promise<void>
}

const BATCH = 500
/** Commits of other servers on the same database are found by polling; our own wake us at once. */
const POLL_MS = 2000

export function buildEventLog(db: Database, log: Logger): EventLog {
  const stops: (() => Promise<void>)[] = []
  return {
    consume(name, handler) {
      const consumer = startConsumer(db, log, name, handler)
      stops.push(consumer.stop)
      return consumer
    },
    stop: async () => void (await Promise.all(stops.map(stop => stop()))),
  }
}

function startConsumer(
  db: Database,
  log: Logger,
  name: string,
  handler: Handler,
): Consumer & { stop(): Promise<void> } {
  let running: Promise<void> | undefined
  let again = false
  let stopped = false
  const drain = async (): Promise<void> => {
    do {
      again = false
      while (!stopped && (await handleBatch(db, name, handler))) {}
    } while (again && !stopped)
  }
  const wake = (): Promise<void> => {
    again = true
    running ??= drain().finally(() => {
      running = undefined
    })
    return running
  }
  const hint = () =>
    void wake().catch(error => log.error({ err: error, consumer: name }, 'event consumer failed; it will try again'))
  const unsubscribe = db.onEvents(hint)
  const timer = setInterval(hint, POLL_MS)
  timer.unref()
  return {
    catchUp: wake,
    stop: async () => {
      stopped = true
      unsubscribe()
      clearInterval(timer)
      await running?.catch(() => undefined)
    },
  }
}

async function handleBatch(db: Database, name: string, handler: Handler): Promise<boolean> {
  const events = await eventsAfter(db, await cursorOf(db, name), BATCH)
  const last = events.at(-1)
  if (last === undefined) return false
  await handler(events)
  await moveCursor(db, name, last.seq)
  return events.length === BATCH
}
