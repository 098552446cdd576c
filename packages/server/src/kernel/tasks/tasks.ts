import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database } from '../db/index.ts'
import type { Logger } from '../log.ts'
import type { QueueLimit } from './choose.ts'
import { buildClaims, type Claims } from './claims.ts'
import { aheadOf, leasesOf, runningLoads } from './reads.ts'
import { bury, type Claimed, insertTasks, LEASE_MS, postpone, removeTask, renew, retryLater, wakeDue } from './store.ts'
import { type Task, type TaskHandler, type Tasks, TryLater } from './task.ts'

const POLL_MS = 1000

/** See Tasks. `owner` is stable over restarts of one server, so that its successor can void its leases at once. */
export function buildTasks(db: Database, log: Logger, owner: string): Tasks {
  const handlers = new Map<string, TaskHandler>()
  const claims: Claims = buildClaims(db, owner)
  const running = new Map<string, Set<Promise<void>>>()
  const held = new Map<string, Claimed>()
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let started = false

  const pump = async (kind: string, handler: TaskHandler): Promise<void> => {
    const mine = running.get(kind) ?? new Set()
    running.set(kind, mine)
    while (!stopping.signal.aborted && mine.size < handler.concurrency) {
      const claimed = await claims.next(kind, handler)
      if (claimed === undefined) return
      const known = held.get(claimed.id)
      if (known !== undefined) {
        // our own lease ran out unnoticed, as when a laptop sleeps: we hold it again, and the work went on meanwhile
        known.fence = claimed.fence
        continue
      }
      held.set(claimed.id, claimed)
      const work: Promise<void> = carryOut(db, log, handler, claimed, owner, stopping.signal)
        .catch(error => log.error({ err: error, task: claimed.id }, 'the end of a task could not be recorded'))
        .finally(() => {
          held.delete(claimed.id)
          mine.delete(work)
          wakeKind(kind)
        })
      mine.add(work)
      // SQLite answers without waiting, so a long queue of short tasks would keep requests out
      await nextTurn()
    }
  }
  const pumps = new Map<string, Promise<void>>()
  const again = new Set<string>()
  const wakeKind = (kind: string): void => {
    const handler = handlers.get(kind)
    if (handler === undefined || !started || stopping.signal.aborted) return
    if (pumps.has(kind)) return void again.add(kind)
    const run = pump(kind, handler)
      .catch(error => log.error({ err: error, kind }, 'claiming tasks failed; it will be tried again'))
      .finally(() => {
        pumps.delete(kind)
        if (again.delete(kind)) wakeKind(kind)
      })
    pumps.set(kind, run)
  }
  const look = (): void => {
    wakeDue(db)
      .catch(error => log.warn({ err: error }, 'could not look for tasks that are due'))
      .finally(() => [...handlers.keys()].forEach(wakeKind))
  }
  return {
    async enqueue(tx, given) {
      const tasks = Array.isArray(given) ? given : [given]
      await insertTasks(tx, tasks)
      for (const kind of new Set(tasks.map(task => task.kind))) tx.afterCommit(() => wakeKind(kind))
    },
    ahead: (kind, subjects) => aheadOf(db.reads, kind, subjects),
    async heartbeats(kind, subjects) {
      const leases = await leasesOf(db.reads, kind, subjects)
      return new Map(
        leases.map(({ subject, until, owner }) => [subject, { time: new Date(until - LEASE_MS), server: owner }]),
      )
    },
    async running(kind) {
      const sums = new Map<string, Required<QueueLimit>>()
      for (const { queue, count, cores, memoryMb } of await runningLoads(db.reads, kind, owner)) {
        const sum = sums.get(queue) ?? { running: 0, cores: 0, memoryMb: 0 }
        sums.set(queue, { running: sum.running + count, cores: sum.cores + cores, memoryMb: sum.memoryMb + memoryMb })
      }
      return sums
    },
    register: (kind, handler) => void handlers.set(kind, handler),
    start() {
      started = true
      timer = setInterval(look, POLL_MS)
      look()
    },
    async stop() {
      stopping.abort(new Error('the server is stopping'))
      clearInterval(timer)
      await Promise.all(pumps.values())
      await Promise.all([...running.values()].flatMap(set => [...set]))
    },
  }
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
    await removeTask(db, row)
  } catch (error) {
    if (lost.signal.aborted) return
    if (error instanceof TryLater) await postpone(db, row, error.at.getTime())
    else if (!stopping.aborted) await failed(db, log, handler, task, row, error)
  } finally {
    clearInterval(renewal)
  }
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
  await retryLater(db, row, message, db.clock.now().getTime() + backoff)
}
