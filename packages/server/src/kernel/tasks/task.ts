import type { Tx, Who } from '../db/index.ts'

export interface NewTask {
  kind: string
  subject: string
  payload?: Record<string, unknown>
  /** Higher runs first. */
  priority?: number
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

export interface TaskHandler {
  concurrency: number
  /** `signal` aborts when the lease is lost or the server stops. A throw is retried with back-off until maxAttempts. */
  handle(task: Task, signal: AbortSignal): Promise<void>
  /** Called once, when the last attempt has failed. */
  onGivenUp?(task: Task, error: unknown): Promise<void>
}

/** Durable background work: a task is claimed by lease, attempt count and fence in one statement. Hints wake, polling is the truth. */
export interface Tasks {
  enqueue(tx: Tx, task: NewTask): Promise<void>
  register(kind: string, handler: TaskHandler): void
  start(): void
  stop(): Promise<void>
}
