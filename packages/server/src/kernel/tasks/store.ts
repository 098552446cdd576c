import { sql } from 'kysely'
import type { Database, Tx } from '../db/index.ts'
import { newUlid } from '../ids.ts'
import type { NewTask } from './task.ts'

/** How long a claim holds without renewal. */
export const LEASE_MS = 30_000

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

export async function insertTask(tx: Tx, task: NewTask): Promise<void> {
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
export async function claim(db: Database, kind: string, owner: string): Promise<Claimed | undefined> {
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

/** Extends a lease; false when it was lost to another. */
export async function renew(db: Database, row: Claimed, owner: string): Promise<boolean> {
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

/** The end of a task whose attempts are used up; the row stays as evidence. */
export async function bury(db: Database, row: Claimed, error: string): Promise<void> {
  await db.writes
    .updateTable('tasks')
    .set({ state: 'dead', error, lease_owner: null, lease_until: null })
    .where('id', '=', row.id)
    .where('fence', '=', row.fence)
    .execute()
}

/** Puts a task back into the queue after a failure. */
export async function retryLater(db: Database, row: Claimed, error: string, after: number): Promise<void> {
  await db.writes
    .updateTable('tasks')
    .set({ state: 'queued', error, run_after: after, lease_owner: null, lease_until: null })
    .where('id', '=', row.id)
    .where('fence', '=', row.fence)
    .execute()
}

/** A finished task leaves no row: what it did stands in the event chain. */
export async function removeTask(db: Database, row: Claimed): Promise<void> {
  await db.relaxed(on => on.deleteFrom('tasks').where('id', '=', row.id).where('fence', '=', row.fence).execute())
}
