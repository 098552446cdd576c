import { HaganeError, type JobStatus } from '@hagane/contract'
import { lockUntilCommit, type Tx } from '../../../kernel/db/index.ts'
import { optional } from '../../../kernel/optional.ts'
import { modified } from '../../../kernel/stamps.ts'
import type { JobRow, JobTables } from '../model/tables.ts'
import { type JobEvent, move } from '../model/transitions.ts'
import { correlationOf } from '../model/who-of.ts'

const on = (tx: Tx) => tx.db.withTables<JobTables>()

/** Numbers the jobs of a workspace in the order of their creation; lists are sorted by it. */
export async function insertJobs(tx: Tx, rows: Omit<JobRow, 'seq'>[]): Promise<void> {
  await lockUntilCommit(tx, `jobs/${tx.who.workspace}`)
  const newest = await on(tx)
    .selectFrom('jobs')
    .select(({ fn }) => fn.max('seq').as('seq'))
    .where('workspace', '=', tx.who.workspace)
    .executeTakeFirst()
  const first = Number(newest?.seq ?? 0) + 1
  const numbered = rows.map((row, i) => ({ ...row, seq: first + i }))
  for (let i = 0; i < numbered.length; i += 200)
    await on(tx)
      .insertInto('jobs')
      .values(numbered.slice(i, i + 200))
      .execute()
}

/**
 * The row as it is now, nobody else changing it. What is locked is the submitted job and all its steps together: the end of a step
 * goes up to its pipeline and a cancellation comes down from there, and row by row the two would wait for each other.
 */
export async function jobForUpdate(tx: Tx, name: string): Promise<JobRow> {
  const before = tx.dialect === 'postgres' ? await jobInTx(tx, name) : undefined
  if (before !== undefined) await lockUntilCommit(tx, `jobs/${tx.who.workspace}/${before.root}`)
  const row = await jobInTx(tx, name)
  if (row === undefined) throw new HaganeError('not_found', `no job ${name}`)
  return row
}

export const jobInTx = (tx: Tx, name: string): Promise<JobRow | undefined> =>
  on(tx)
    .selectFrom('jobs')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .executeTakeFirst()

export const childrenInTx = (tx: Tx, parent: string): Promise<JobRow[]> =>
  on(tx)
    .selectFrom('jobs')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('parent', '=', parent)
    .orderBy('seq')
    .execute()

export type ChildState = Pick<JobRow, 'name' | 'step' | 'status'>

/** The same without their plans, which are large. */
export const childStates = (tx: Tx, parent: string): Promise<ChildState[]> =>
  on(tx)
    .selectFrom('jobs')
    .select(['name', 'step', 'status'])
    .where('workspace', '=', tx.who.workspace)
    .where('parent', '=', parent)
    .orderBy('seq')
    .execute()

/** The same of some steps. */
export const childStatesOf = (tx: Tx, parent: string, steps: readonly string[]): Promise<ChildState[]> =>
  on(tx)
    .selectFrom('jobs')
    .select(['name', 'step', 'status'])
    .where('workspace', '=', tx.who.workspace)
    .where('parent', '=', parent)
    .where('step', 'in', steps)
    .orderBy('seq')
    .execute()

/** How many steps of a parent are in each status; one in which there is none is absent. */
export async function childCounts(tx: Tx, parent: string): Promise<Partial<Record<JobStatus, number>>> {
  const rows = await on(tx)
    .selectFrom('jobs')
    .select(({ fn }) => ['status', fn.countAll<number>().as('n')])
    .where('workspace', '=', tx.who.workspace)
    .where('parent', '=', parent)
    .groupBy('status')
    .execute()
  return Object.fromEntries(rows.map(row => [row.status, Number(row.n)]))
}

export const childInTx = (tx: Tx, parent: string, step: string): Promise<JobRow | undefined> =>
  on(tx)
    .selectFrom('jobs')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('parent', '=', parent)
    .where('step', '=', step)
    .executeTakeFirst()

export type JobChange = Partial<
  Pick<
    JobRow,
    | 'outputs'
    | 'error'
    | 'usage'
    | 'tries'
    | 'server'
    | 'attempts'
    | 'start_time'
    | 'end_time'
    | 'reuse_key'
    | 'reused_from'
    | 'display_name'
    | 'description'
    | 'tags'
    | 'archived'
    | 'plan'
    | 'properties'
  >
>

/** What tells that a job has come to a status. */
export const eventOf = (row: JobRow, status: JobStatus, facts: Record<string, unknown> = {}) => ({
  type: `dev.hagane.job.${status.replace(/(?<!^)[A-Z]/g, letter => `-${letter}`).toLowerCase()}`,
  subject: `job/${row.name}`,
  data: {
    name: row.name,
    ...(row.step === null ? {} : { step: row.step }),
    ...optional('correlation_id', correlationOf(row)),
    ...facts,
  },
})

/** Carries out one transition and appends its event. Throws conflict when the job cannot make this move. */
export const moveJob = (
  tx: Tx,
  row: JobRow,
  event: JobEvent,
  change: JobChange = {},
  facts: Record<string, unknown> = {},
): Promise<JobRow> => moveJobThrough(tx, row, [{ event, facts }], change)

/** Carries out several transitions at once: an event for each, one change of the row. */
export async function moveJobThrough(
  tx: Tx,
  row: JobRow,
  steps: readonly { event: JobEvent; facts?: Record<string, unknown> }[],
  change: JobChange = {},
): Promise<JobRow> {
  let { status } = row
  for (const { event, facts } of steps) {
    const result = move(status, event)
    if ('refused' in result) throw new HaganeError('conflict', `job ${row.name}: ${result.refused}`)
    status = result.to
    tx.append(eventOf(row, status, facts))
  }
  return changeJob(tx, { ...row, status }, { ...change, status })
}

export async function changeJob(
  tx: Tx,
  row: JobRow,
  change: JobChange & { status?: JobRow['status'] },
): Promise<JobRow> {
  const full = { ...change, ...modified(tx, row) }
  await on(tx)
    .updateTable('jobs')
    .set(full)
    .where('workspace', '=', row.workspace)
    .where('name', '=', row.name)
    .execute()
  return { ...row, ...full }
}

/** Keeps a result for reuse; the newest wins. */
export const keepResult = (tx: Tx, key: string, job: string) =>
  on(tx)
    .insertInto('step_results')
    .values({ workspace: tx.who.workspace, key, job, created_at: tx.now.toISOString() })
    .onConflict(conflict =>
      conflict.columns(['workspace', 'key']).doUpdateSet({ job, created_at: tx.now.toISOString() }),
    )
    .execute()
