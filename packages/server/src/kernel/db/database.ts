import type { Kysely, Transaction } from 'kysely'
import type { Clock } from '../clock.ts'
import type { NewEvent } from './chain.ts'
import type { KernelTables } from './tables.ts'

export type Dialect = 'sqlite' | 'postgres'

/** On whose behalf something happens. An HTTP call is one; so is a background task. */
export interface Who {
  readonly workspace: string
  readonly actor: string
  /** What set this off, for every event of a chain of automatic steps: stands in their data as `correlation_id`. */
  readonly correlation?: string | undefined
  readonly idempotency?: IdempotencyClaim | undefined
}

export interface IdempotencyClaim {
  /** Of the call; the work itself may concern another workspace. */
  readonly workspace: string
  readonly key: string
  readonly operation: string
  readonly requestHash: string
}

/**
 * `durable` survives a power cut once acknowledged. `relaxed` survives the death of any process, but a power cut may take it
 * back, in order and whole: right for steps between two durable ones, which a restart would do again anyway.
 */
export type Durability = 'durable' | 'relaxed'

/** A transaction in progress: what is written through `db` and the events appended commit together or not at all. */
export interface Tx {
  readonly db: Transaction<KernelTables>
  readonly dialect: Dialect
  readonly who: Who
  readonly now: Date
  append(event: NewEvent): void
  /** Runs after the commit, which may not be on the disk yet; a hint only, since a crash can come before it. */
  afterCommit(fn: () => void): void
}

export interface Database {
  readonly dialect: Dialect
  /** For lists and screens. On SQLite a connection of its own, so it never waits for a writer. Never use it inside withTransaction. */
  readonly reads: Kysely<KernelTables>
  /** For migrations. */
  readonly writes: Kysely<KernelTables>
  readonly clock: Clock
  /**
   * Runs `fn` in one transaction and appends its events to the chain as the last act before the commit. Do not await slow work inside,
   * and change nothing outside: on a full disk it may be run a second time.
   */
  withTransaction<T>(who: Who, fn: (tx: Tx) => Promise<T>, durability?: Durability): Promise<T>
  /** One or a few statements without events, e.g. of a queue, relaxed. */
  relaxed<T>(fn: (db: Transaction<KernelTables>) => Promise<T>): Promise<T>
  byDialect<T>(variants: Record<Dialect, T>): T
  /** Called after each commit that appended events. */
  onEvents(listener: () => void): () => void
  /** Called with the seconds that each transaction took, from asking for it to its commit. */
  onCommit(listener: (seconds: number) => void): void
  close(): Promise<void>
}

/** What differs between engines, as data and small functions; nothing else may ask which engine it is. */
export interface Engine {
  readonly dialect: Dialect
  readonly reads: Kysely<KernelTables>
  readonly writes: Kysely<KernelTables>
  /** Runs a transaction on the writing connection. Only after `synced` does a durable one survive a power cut. */
  transaction<T>(durability: Durability, fn: (db: Transaction<KernelTables>) => Promise<T>): Promise<T>
  /** Resolves when every durable transaction that has committed is on the disk. */
  synced(): Promise<void>
  /** Taken last, so that the chain has one order of commits. SQLite has one writer and needs none. */
  lockChain(db: Transaction<KernelTables>): Promise<void>
  isUniqueViolation(error: unknown): boolean
  close(): Promise<void>
}
