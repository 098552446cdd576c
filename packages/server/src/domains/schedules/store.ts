import { lockUntilCommit, type Tx } from '../../kernel/db/index.ts'
import { newUlid } from '../../kernel/ids.ts'
import { created, modified } from '../../kernel/stamps.ts'
import type { RunRow, ScheduleRow, ScheduleTables } from './tables.ts'

const on = (tx: Tx) => tx.db.withTables<ScheduleTables>()

/** The row as it is now, nobody else changing it or carrying out its times. */
export async function scheduleForUpdate(tx: Tx, name: string): Promise<ScheduleRow | undefined> {
  await lockUntilCommit(tx, `schedules/${tx.who.workspace}/${name}`)
  return on(tx)
    .selectFrom('schedules')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .executeTakeFirst()
}

type Content = Omit<
  ScheduleRow,
  'workspace' | 'id' | 'revision' | 'created_at' | 'created_by' | 'modified_at' | 'modified_by'
>

export async function insertSchedule(tx: Tx, content: Content): Promise<void> {
  await on(tx)
    .insertInto('schedules')
    .values({
      ...content,
      workspace: tx.who.workspace,
      id: newUlid(tx.now.getTime()),
      ...created(tx),
    })
    .execute()
}

export async function changeSchedule(tx: Tx, row: ScheduleRow, change: Partial<Content>): Promise<void> {
  await on(tx)
    .updateTable('schedules')
    .set({ ...change, ...modified(tx, row) })
    .where('workspace', '=', row.workspace)
    .where('name', '=', row.name)
    .execute()
}

/** Goes on to the next time; nobody changed the schedule, so its revision stays. */
export async function moveOn(tx: Tx, row: ScheduleRow, nextTick: number | null): Promise<void> {
  await on(tx)
    .updateTable('schedules')
    .set({ next_tick: nextTick })
    .where('workspace', '=', row.workspace)
    .where('name', '=', row.name)
    .execute()
}

export async function deleteSchedule(tx: Tx, row: ScheduleRow): Promise<void> {
  await on(tx).deleteFrom('schedule_runs').where('schedule_id', '=', row.id).execute()
  await on(tx).deleteFrom('schedules').where('workspace', '=', row.workspace).where('name', '=', row.name).execute()
}

/**
 * Keeps what became of a time; the database refuses a second outcome of the same one. The caller holds the schedule, so that
 * its runs are numbered one after the other.
 */
export async function insertRun(tx: Tx, run: Omit<RunRow, 'seq' | 'at'>): Promise<void> {
  const newest = await on(tx)
    .selectFrom('schedule_runs')
    .select(({ fn }) => fn.max('seq').as('seq'))
    .where('schedule_id', '=', run.schedule_id)
    .executeTakeFirst()
  await on(tx)
    .insertInto('schedule_runs')
    .values({ ...run, seq: Number(newest?.seq ?? 0) + 1, at: tx.now.toISOString() })
    .execute()
}
