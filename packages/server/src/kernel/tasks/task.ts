import type { Tx, Who } from '../db/index.ts'
import type { Load, QueueLimit } from './choose.ts'

export interface NewTask {
  kind: string
  subject: string
  payload?: Record<string, unknown>
  /** Higher runs first; from -49 to 49. */
  priority?: number
  /** Whose limits hold; default is the workspace. */
  queue?: string
  /** What it takes of the machine; default is nothing. */
  load?: Load
  runAfter?: Date
  maxAttempts?: number
}

export interface Task extends Who {
  readonly id: string
  readonly kind: string
  readonly subject: string
  readonly payload: Record<string, unknown>
  readonly attempts: number
  /** Grows with every claim: a holder whose fence is old has lost its lease. */
  readonly fence: number
}

/** Thrown by a handler to have its task again at a time: it keeps its place, and its attempts begin anew. */
export class TryLater extends Error {
  readonly at: Date

  constructor(at: Date) {
    super(`to be tried again at ${at.toISOString()}`)
    this.at = at
  }
}

export interface TaskHandler {
  concurrency: number
  /** What this machine offers to the tasks that say what they take. */
  machine?: Load
  /** Limits by queue; asked before each claim, so it answers from memory. */
  limits?(): Promise<ReadonlyMap<string, QueueLimit>>
  /** `signal` aborts when the lease is lost or the server stops. A throw is retried with back-off until maxAttempts. */
  handle(task: Task, signal: AbortSignal): Promise<void>
  /** Called once, when the last attempt has failed. */
  onGivenUp?(task: Task, error: unknown): Promise<void>
}

export interface Heartbeat {
  time: Date
  server: string
}

/**
 * Durable background work: a task is claimed by lease, attempt count and fence in one statement, and chosen by priority,
 * limits and fair shares between the actors (choose.ts). Hints wake, polling is the truth.
 */
export interface Tasks {
  /** Several in one call go in the order given. */
  enqueue(tx: Tx, tasks: NewTask | readonly NewTask[]): Promise<void>
  /** Of subjects whose task waits: how many of the same queue, priority and actor are before it. Reads what is committed. */
  ahead(kind: string, subjects: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** Of subjects whose task is being carried out: when its server last renewed its lease, and which server that is. */
  heartbeats(kind: string, subjects: readonly string[]): Promise<ReadonlyMap<string, Heartbeat>>
  /** How much runs in each queue of a kind, on all servers. */
  running(kind: string): Promise<ReadonlyMap<string, Required<QueueLimit>>>
  register(kind: string, handler: TaskHandler): void
  start(): void
  stop(): Promise<void>
}
