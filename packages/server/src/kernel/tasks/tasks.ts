import { sql } from 'kysely'
import type { Database, Tx, Who } from '../db/database.ts'
import { newUlid } from '../ids.ts'
import type { Logger } from '../log.ts'

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

const LEASE_MS = 30_000
const POLL_MS = 1000

interface Claimed {
  id: string
  kind: string
  subject: string
  workspace: string
  actor: string
  payload: string
  attempts: number
  max_attempts: number
  fence: number
}

export function buildTasks(db: Database, log: Logger, owner: string): Tasks {
  const handlers = new Map<string, TaskHandler>()
  const running = new Map<string, Set<Promise<void>>>()
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let started = false

  const pump = async (kind: string, handler: TaskHandler): Promise<void> => {
    const mine = running.get(kind) ?? new Set()
    running.set(kind, mine)
    while (!stopping.signal.aborted && mine.size < handler.concurrency) {
      const claimed = await claim(db, kind, owner)
      if (claimed === undefined) return
      const work: Promise<void> = carryOut(db, log, handler, claimed, owner, stopping.signal).finally(() => {
        mine.delete(work)
        wake()
      })
      mine.add(work)
    }
  }
  const pumps = new Map<string, Promise<void>>()
  const again = new Set<string>()
  const wakeKind = (kind: string, handler: TaskHandler): void => {
    if (pumps.has(kind)) return void again.add(kind)
    const run = pump(kind, handler)
      .catch(error => log.error({ err: error, kind }, 'claiming tasks failed; it will be tried again'))
      .finally(() => {
        pumps.delete(kind)
        if (again.delete(kind) && !stopping.signal.aborted) wakeKind(kind, handler)
      })
    pumps.set(kind, run)
  }
  const wake = (): void => {
    if (!started || stopping.signal.aborted) return
    for (const [kind, handler] of handlers) wakeKind(kind, handler)
  }
  return {
    async enqueue(tx, task) {
      await tx.db
        .insertInto('tasks')
        .values({
          id: newUlid(tx.now.getTime()),
          kind: task.kind,
          subject: task.subject,
          workspace: tx.who.workspace,
          actor: tx.who.actor,
          payload: JSON.stringify(task.payload ?? {}),
          state: 'queued',
          priority: task.priority ?? 0,
          run_after: (task.runAfter ?? tx.now).getTime(),
          attempts: 0,
          max_attempts: task.maxAttempts ?? 1,
          fence: 0,
          lease_owner: null,
          lease_until: null,
          error: null,
          created_at: tx.now.toISOString(),
        })
        .execute()
      tx.afterCommit(wake)
    },
    register: (kind, handler) => void handlers.set(kind, handler),
    start() {
      started = true
      timer = setInterval(wake, POLL_MS)
      wake()
    },
    async stop() {
      stopping.abort(new Error('the server is stopping'))
      clearInterval(timer)
      await Promise.all([...running.values()].flatMap(set => [...set]))
    },
  }
}

/** On start of a server its own old leases are void: the process that held them is gone, as the data folder's lock proves. */
export async function releaseLeases(db: Database, owner: string): Promise<void> {
  await db.writes
    .updateTable('tasks')
    .set({ lease_until: 0 })
    .where('state', '=', 'leased')
    .where('lease_owner', '=', owner)
    .execute()
}

/** Takes the next due task, or one whose lease ran out, in one statement. */
async function claim(db: Database, kind: string, owner: string): Promise<Claimed | undefined> {
  const now = db.clock.now().getTime()
  const skipLocked = db.byDialect({ sqlite: sql``, postgres: sql`for update skip locked` })
  const { rows } = await db.relaxed(on =>
    sql<Claimed>`
    update tasks set state = 'leased', lease_owner = ${owner}, lease_until = ${now + LEASE_MS}, attempts = attempts + 1, fence = fence + 1
    where id = (select id from tasks where kind = ${kind} and ((state = 'queued' and run_after <= ${now}) or (state = 'leased' and lease_until < ${now}))
                order by priority desc, run_after, id limit 1 ${skipLocked})
    returning id, kind, subject, workspace, actor, payload, attempts, max_attempts, fence`.execute(on),
  )
  return rows[0]
}

async function carryOut(
  db: Database,
  log: Logger,
  handler: TaskHandler,
  row: Claimed,
  owner: string,
  stopping: AbortSignal,
): Promise<void> {
  const lost = new AbortController()
  const renewal = setInterval(() => {
    renew(db, row, owner).then(
      held => held || lost.abort(new Error('the lease was lost')),
      error => log.warn({ err: error, task: row.id }, 'could not renew a lease'),
    )
  }, LEASE_MS / 3)
  const task: Task = {
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    workspace: row.workspace,
    actor: row.actor,
    payload: JSON.parse(row.payload),
    attempts: row.attempts,
    fence: row.fence,
  }
  try {
    await handler.handle(task, AbortSignal.any([stopping, lost.signal]))
    await db.relaxed(on => on.deleteFrom('tasks').where('id', '=', row.id).where('fence', '=', row.fence).execute())
  } catch (error) {
    if (!stopping.aborted && !lost.signal.aborted) await failed(db, log, handler, task, row, error)
  } finally {
    clearInterval(renewal)
  }
}

async function renew(db: Database, row: Claimed, owner: string): Promise<boolean> {
  const until = db.clock.now().getTime() + LEASE_MS
  const result = await db.writes
    .updateTable('tasks')
    .set({ lease_until: until })
    .where('id', '=', row.id)
    .where('fence', '=', row.fence)
    .where('lease_owner', '=', owner)
    .executeTakeFirst()
  return Number(result.numUpdatedRows) === 1
}

async function bury(db: Database, row: Claimed, error: string): Promise<void> {
  await db.writes
    .updateTable('tasks')
    .set({ state: 'dead', error, lease_owner: null, lease_until: null })
    .where('id', '=', row.id)
    .where('fence', '=', row.fence)
    .execute()
}

async function failed(
  db: Database,
  log: Logger,
  handler: TaskHandler,
  task: Task,
  row: Claimed,
  error: unknown,
): Promise<void> {
  const message = error instanceof Error ? error.message : String(error)
  log.warn({ err: error, kind: row.kind, subject: row.subject, attempt: row.attempts }, 'task failed')
  if (row.attempts >= row.max_attempts) {
    await bury(db, row, message)
    await handler.onGivenUp?.(task, error)
    return
  }
  const backoff = Math.min(60_000, 500 * 2 ** row.attempts)
  await db.writes
    .updateTable('tasks')
    .set({
      state: 'queued',
      error: message,
      run_after: db.clock.now().getTime() + backoff,
      lease_owner: null,
      lease_until: null,
    })
    .where('id', '=', row.id)
    .where('fence', '=', row.fence)
    .execute()
}
