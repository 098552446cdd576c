import { HaganeError } from '@hagane/contract'
import type { Clock } from '../clock.ts'
import { isDiskFull } from '../disk-reserve.ts'
import type { NewEvent } from './chain.ts'
import type { Database, Durability, Engine, Tx, Who } from './database.ts'
import { openPostgres } from './postgres.ts'
import { openSqlite } from './sqlite.ts'
import { appendEvents, claimIdempotency } from './store.ts'

export type { Database, Dialect, Tx, Who } from './database.ts'
export { lockUntilCommit } from './lock.ts'

/**
 * Opens `postgres://…` or a SQLite file. Migrations are a separate step. `makeRoom` is called when a transaction finds the
 * disk full, and tells whether it is to be tried once more.
 */
export function openDatabase(location: string, clock: Clock, makeRoom: () => boolean = () => false): Database {
  const engine = /^postgres(ql)?:\/\//.test(location) ? openPostgres(location) : openSqlite(location)
  return databaseOn(engine, clock, makeRoom)
}

function databaseOn(engine: Engine, clock: Clock, makeRoom: () => boolean): Database {
  const withRoom = async <T>(act: () => Promise<T>): Promise<T> => {
    try {
      return await act()
    } catch (error) {
      if (!isDiskFull(error) || !makeRoom()) throw error
      return act()
    }
  }
  const listeners = new Set<() => void>()
  const timers: ((seconds: number) => void)[] = []
  const timed = async <T>(act: () => Promise<T>): Promise<T> => {
    const askedAt = performance.now()
    const result = await act()
    for (const told of timers) told((performance.now() - askedAt) / 1000)
    return result
  }
  return {
    dialect: engine.dialect,
    reads: engine.reads,
    writes: engine.writes,
    clock,
    byDialect: variants => variants[engine.dialect],
    onEvents: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onCommit: listener => void timers.push(listener),
    relaxed: fn => timed(() => withRoom(() => engine.transaction('relaxed', fn))),
    async withTransaction(who, fn, durability = 'durable') {
      const { result, events } = await timed(async () => {
        const done = await withRoom(() => runTransaction({ engine, clock, who, durability }, fn))
        for (const run of done.after) run()
        if (durability === 'durable') await engine.synced()
        return done
      })
      if (events.length > 0) for (const listener of listeners) listener()
      return result
    },
    close: () => engine.close(),
  }
}

interface Setting {
  engine: Engine
  clock: Clock
  who: Who
  durability: Durability
}

async function runTransaction<T>(
  { engine, clock, who, durability }: Setting,
  fn: (tx: Tx) => Promise<T>,
): Promise<{ result: T; events: NewEvent[]; after: (() => void)[] }> {
  const events: NewEvent[] = []
  const after: (() => void)[] = []
  try {
    const result = await engine.transaction(durability, async db => {
      const tx: Tx = {
        db,
        dialect: engine.dialect,
        who,
        now: clock.now(),
        append: event => void events.push(event),
        afterCommit: run => void after.push(run),
      }
      if (who.idempotency !== undefined) await claimIdempotency(tx, who.idempotency)
      const value = await fn(tx)
      if (events.length > 0) {
        await engine.lockChain(db)
        await appendEvents(tx, events)
      }
      return value
    })
    return { result, events, after }
  } catch (error) {
    if (engine.isUniqueViolation(error))
      throw new HaganeError('conflict', 'this already exists', {
        cause: error,
        hint: 'choose another name or version, or read the existing one',
      })
    throw error
  }
}

export { type EventRow, faultOf, GENESIS, type Verification } from './chain.ts'
export { answerOf } from './reads.ts'
export { keepAnswer } from './store.ts'
