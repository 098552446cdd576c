import { sql } from 'kysely'
import type { Tx } from '../../../kernel/db/index.ts'
import type { JobRow, JobTables } from '../model/tables.ts'
import type { KeptResult } from './reads.ts'
import { eventOf } from './store.ts'

const on = (tx: Tx) => tx.db.withTables<JobTables>()
const NAMES = 500

/** Jobs by name. The caller holds the lock of the job they belong to (jobForUpdate of their parent). */
export async function jobsNamed(tx: Tx, names: readonly string[]): Promise<JobRow[]> {
  const rows: JobRow[] = []
  for (let i = 0; i < names.length; i += NAMES)
    rows.push(
      ...(await on(tx)
        .selectFrom('jobs')
        .selectAll()
        .where('workspace', '=', tx.who.workspace)
        .where('name', 'in', names.slice(i, i + NAMES))
        .orderBy('seq')
        .execute()),
    )
  return rows
}

/** Queues steps that have not started, in one statement and with an event for each. */
export async function queueJobs(tx: Tx, rows: readonly JobRow[]): Promise<void> {
  for (let i = 0; i < rows.length; i += NAMES)
    await on(tx)
      .updateTable('jobs')
      .set(({ eb }) => ({
        status: 'Queued',
        revision: eb('revision', '+', 1),
        modified_at: tx.now.toISOString(),
        modified_by: tx.who.actor,
      }))
      .where('workspace', '=', tx.who.workspace)
      .where(
        'name',
        'in',
        rows.slice(i, i + NAMES).map(row => row.name),
      )
      .execute()
  for (const row of rows) tx.append(eventOf(row, 'Queued'))
}

/** The completed jobs whose results stand for reuse keys. */
export async function resultsFor(tx: Tx, keys: readonly string[]): Promise<Map<string, KeptResult>> {
  const found = new Map<string, KeptResult>()
  for (let i = 0; i < keys.length; i += NAMES) {
    const rows = await on(tx)
      .selectFrom('step_results')
      .innerJoin('jobs', join =>
        join.onRef('jobs.workspace', '=', 'step_results.workspace').onRef('jobs.name', '=', 'step_results.job'),
      )
      .selectAll('jobs')
      .select(['step_results.key', 'step_results.created_at as kept_at'])
      .where('step_results.workspace', '=', tx.who.workspace)
      .where('step_results.key', 'in', keys.slice(i, i + NAMES))
      .where('jobs.status', '=', 'Completed')
      .execute()
    for (const { key, ...row } of rows) found.set(key, row)
  }
  return found
}

/** A step that takes an earlier result, and what it takes. */
export interface Taken {
  row: JobRow
  outputs: string
  key: string
  from: string
  facts: Record<string, unknown>
}

/** Completes steps that have not started with results that were there, in one statement and with an event for each. */
export async function completeReused(tx: Tx, taken: readonly Taken[]): Promise<void> {
  const now = tx.now.toISOString()
  const values = taken.map(
    ({ row, outputs, key, from }) =>
      sql`(cast(${row.name} as text), cast(${outputs} as text), cast(${key} as text), cast(${from} as text))`,
  )
  await sql`with taken(step_name, made, the_key, source) as (values ${sql.join(values)})
    update jobs set status = 'Completed', outputs = made, reuse_key = the_key, reused_from = source, start_time = ${now},
      end_time = ${now}, revision = revision + 1, modified_at = ${now}, modified_by = ${tx.who.actor}
    from taken where workspace = ${tx.who.workspace} and name = step_name`.execute(tx.db)
  for (const { row, facts } of taken) tx.append(eventOf(row, 'Completed', facts))
}
