import { sql } from 'kysely'
import { type Database, lockUntilCommit, type Tx } from '../db/index.ts'
import { newUlid } from '../ids.ts'
import { laneText, rankOf } from './lane.ts'
import type { NewTask } from './task.ts'

/** How long a claim holds without renewal. */
export const LEASE_MS = 30_000
const ROWS_PER_INSERT = 200

export interface Claimed {
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

/** Their ids sort in the order given. */
export async function insertTasks(tx: Tx, tasks: readonly NewTask[]): Promise<void> {
  const ids = tasks.map(() => newUlid(tx.now.getTime())).sort()
  const rows = tasks.map((task, i) => rowOf(tx, task, ids[i] as string))
  for (let i = 0; i < rows.length; i += ROWS_PER_INSERT)
    await tx.db
      .insertInto('tasks')
      .values(rows.slice(i, i + ROWS_PER_INSERT))
      .execute()
}

function rowOf(tx: Tx, task: NewTask, id: string) {
  const { workspace, actor } = tx.who
  const due = (task.runAfter ?? tx.now).getTime()
  return {
    id,
    kind: task.kind,
    subject: task.subject,
    workspace,
    actor,
    payload: JSON.stringify(task.payload ?? {}),
    state: due > tx.now.getTime() ? 'delayed' : 'queued',
    priority: task.priority ?? 0,
    run_after: due,
    attempts: 0,
    max_attempts: task.maxAttempts ?? 1,
    fence: 0,
    lease_owner: null,
    lease_until: null,
    error: null,
    created_at: tx.now.toISOString(),
    lane: laneText({ kind: task.kind, rank: rankOf(task.priority ?? 0), queue: task.queue ?? workspace, share: actor }),
    cores: task.load?.cores ?? 0,
    memory_mb: task.load?.memoryMb ?? 0,
  }
}

/**
 * On start of a server its own old leases are void: the process that held them is gone, as the data folder's lock proves. That it
 * died is no attempt of the task that failed, however often it happens.
 */
export async function releaseLeases(db: Database, owner: string): Promise<void> {
  await db.relaxed(on =>
    sql`update tasks set state = 'queued', attempts = attempts - 1 where state = 'leased' and lease_owner = ${owner}`.execute(
      on,
    ),
  )
}

/** Lets wait in their lanes again what is due now and what was leased to one that no longer renews. */
export async function wakeDue(db: Database): Promise<void> {
  const now = db.clock.now().getTime()
  const { rows } = await sql<{ n: number }>`select
    exists(select 1 from tasks where state = 'delayed' and run_after <= ${now})
    or exists(select 1 from tasks where state = 'leased' and lease_until < ${now}) as n`.execute(db.reads)
  if (!rows[0]?.n) return
  await db.relaxed(async on => {
    await sql`update tasks set state = 'queued' where state = 'delayed' and run_after <= ${now}`.execute(on)
    await sql`update tasks set state = 'queued', attempts = attempts - 1 where state = 'leased' and lease_until < ${now}`.execute(
      on,
    )
  })
}

/** Only one server at a time chooses among the tasks of a kind, so that no limit is passed. Held until the commit. */
export const lockChoice = (tx: Pick<Tx, 'db' | 'dialect'>, kind: string): Promise<void> =>
  lockUntilCommit(tx, `tasks/${kind}`)

/** Takes a waiting task in one statement; undefined when another was faster. */
export async function claim(db: Tx['db'], id: string, owner: string, now: number): Promise<Claimed | undefined> {
  const { rows } = await sql<Claimed>`
    update tasks set state = 'leased', lease_owner = ${owner}, lease_until = ${now + LEASE_MS}, attempts = attempts + 1, fence = fence + 1
    where id = ${id} and state = 'queued'
    returning id, kind, subject, workspace, actor, payload, attempts, max_attempts, fence`.execute(db)
  return rows[0]
}

/** Extends a lease, also one that ran out and that nobody took meanwhile; false when it was lost to another. */
export async function renew(db: Database, row: Claimed, owner: string): Promise<boolean> {
  const until = db.clock.now().getTime() + LEASE_MS
  const result = await db.writes
    .updateTable('tasks')
    .set({ lease_until: until, state: 'leased' })
    .where('id', '=', row.id)
    .where('fence', '=', row.fence)
    .where('lease_owner', '=', owner)
    .executeTakeFirst()
  return Number(result.numUpdatedRows) === 1
}

/** The end of a task whose attempts are used up; the row stays as evidence. */
export const bury = (db: Database, row: Claimed, error: string): Promise<void> =>
  letGo(db, row, { state: 'dead', error })

/** Puts a task back into the queue after a failure. */
export const retryLater = (db: Database, row: Claimed, error: string, after: number): Promise<void> =>
  letGo(db, row, { state: 'delayed', error, run_after: after })

/** Puts a task back until a time; its attempts begin anew. */
export const postpone = (db: Database, row: Claimed, until: number): Promise<void> =>
  letGo(db, row, { state: 'delayed', attempts: 0, run_after: until })

interface Released {
  state: 'dead' | 'delayed'
  error?: string
  attempts?: number
  run_after?: number
}

/** Ends a claim, if it is still held. */
async function letGo(db: Database, row: Claimed, values: Released): Promise<void> {
  await db.writes
    .updateTable('tasks')
    .set({ ...values, lease_owner: null, lease_until: null })
    .where('id', '=', row.id)
    .where('fence', '=', row.fence)
    .execute()
}

/** A finished task leaves no row: what it did stands in the event chain. */
export async function removeTask(db: Database, row: Claimed): Promise<void> {
  await db.relaxed(on => on.deleteFrom('tasks').where('id', '=', row.id).where('fence', '=', row.fence).execute())
}
