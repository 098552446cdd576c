import { lockUntilCommit, type Tx } from '../../kernel/db/index.ts'
import type { DefaultRow, FindingRow, MonitoringTables, RunRow } from './tables.ts'

const on = (tx: Tx) => tx.db.withTables<MonitoringTables>()

/** Numbers the run after those of its monitor; the caller holds the monitor. */
export async function insertRun(
  tx: Tx,
  run: Omit<
    RunRow,
    'seq' | 'workspace' | 'status' | 'result' | 'error' | 'summary' | 'results' | 'created_at' | 'finished_at'
  >,
): Promise<void> {
  const newest = await on(tx)
    .selectFrom('monitor_runs')
    .select(({ fn }) => fn.max('seq').as('seq'))
    .where('monitor_id', '=', run.monitor_id)
    .executeTakeFirst()
  await on(tx)
    .insertInto('monitor_runs')
    .values({
      ...run,
      seq: Number(newest?.seq ?? 0) + 1,
      workspace: tx.who.workspace,
      status: 'Queued',
      result: null,
      error: null,
      summary: '[]',
      results: null,
      created_at: tx.now.toISOString(),
      finished_at: null,
    })
    .execute()
}

export const runNamed = (tx: Tx, name: string): Promise<RunRow | undefined> =>
  on(tx)
    .selectFrom('monitor_runs')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .executeTakeFirst()

/** The run as it is now, nobody else changing it or what is open of its monitor. */
export async function runForUpdate(tx: Tx, name: string): Promise<RunRow | undefined> {
  const found = await runNamed(tx, name)
  if (found === undefined) return undefined
  await lockUntilCommit(tx, `monitoring/${found.monitor_id}`)
  return runNamed(tx, name)
}

export async function changeRun(tx: Tx, row: RunRow, change: Partial<RunRow>): Promise<void> {
  await on(tx)
    .updateTable('monitor_runs')
    .set(change)
    .where('monitor_id', '=', row.monitor_id)
    .where('seq', '=', row.seq)
    .execute()
}

/** Lets go of the details of runs before this one; what became of them stays. */
export async function forgetResultsBefore(tx: Tx, monitorId: string, seq: number): Promise<void> {
  await on(tx)
    .updateTable('monitor_runs')
    .set({ results: null })
    .where('monitor_id', '=', monitorId)
    .where('seq', '<', seq)
    .where('results', 'is not', null)
    .execute()
}

export const openFindingsIn = (tx: Tx, monitorId: string): Promise<FindingRow[]> =>
  on(tx).selectFrom('monitor_findings').selectAll().where('monitor_id', '=', monitorId).orderBy('key').execute()

export async function putFinding(tx: Tx, row: FindingRow): Promise<void> {
  const { finding, run, judged } = row
  await on(tx)
    .insertInto('monitor_findings')
    .values(row)
    .onConflict(conflict => conflict.columns(['monitor_id', 'key']).doUpdateSet({ finding, run, judged }))
    .execute()
}

export async function closeFinding(tx: Tx, monitorId: string, key: string): Promise<void> {
  await on(tx).deleteFrom('monitor_findings').where('monitor_id', '=', monitorId).where('key', '=', key).execute()
}

export async function judgedIn(tx: Tx, monitorId: string): Promise<Map<string, string>> {
  const rows = await on(tx)
    .selectFrom('monitor_judged')
    .select(['signal', 'window_end'])
    .where('monitor_id', '=', monitorId)
    .execute()
  return new Map(rows.map(row => [row.signal, row.window_end]))
}

export async function noteJudged(tx: Tx, monitorId: string, signal: string, windowEnd: string): Promise<void> {
  await on(tx)
    .insertInto('monitor_judged')
    .values({ monitor_id: monitorId, signal, window_end: windowEnd })
    .onConflict(conflict => conflict.columns(['monitor_id', 'signal']).doUpdateSet({ window_end: windowEnd }))
    .execute()
}

/** Everything of a monitor that is no more. */
export async function deleteMonitor(tx: Tx, monitorId: string): Promise<void> {
  for (const table of ['monitor_findings', 'monitor_judged', 'monitor_runs'] as const)
    await on(tx).deleteFrom(table).where('monitor_id', '=', monitorId).execute()
}

export async function keepProfile(tx: Tx, row: Omit<MonitoringTables['monitor_profiles'], 'workspace'>): Promise<void> {
  const { content, profile } = row
  await on(tx)
    .insertInto('monitor_profiles')
    .values({ ...row, workspace: tx.who.workspace })
    .onConflict(conflict =>
      conflict.columns(['workspace', 'endpoint', 'deployment', 'hour', 'basis']).doUpdateSet({ content, profile }),
    )
    .execute()
}

/** Profiles of hours of which something is no longer kept. */
export async function deleteProfiles(tx: Tx, endpoint: string, hours: readonly string[]): Promise<void> {
  if (hours.length === 0) return
  await on(tx)
    .deleteFrom('monitor_profiles')
    .where('workspace', '=', tx.who.workspace)
    .where('endpoint', '=', endpoint)
    // and the sums of their days, and of several days
    .where(({ eb, or }) =>
      or([
        eb('hour', 'in', [...new Set(hours.flatMap(hour => [hour, hour.slice(0, '2026-11-26'.length)]))]),
        eb('hour', 'like', 'days-%'),
      ]),
    )
    .execute()
}

export async function keepReference(
  tx: Tx,
  row: Omit<MonitoringTables['monitor_references'], 'workspace' | 'created_at'>,
): Promise<void> {
  await on(tx)
    .insertInto('monitor_references')
    .values({ ...row, workspace: tx.who.workspace, created_at: tx.now.toISOString() })
    .onConflict(conflict => conflict.doNothing())
    .execute()
}

export const defaultIn = (tx: Tx, endpoint: string, deployment: string): Promise<DefaultRow | undefined> =>
  on(tx)
    .selectFrom('monitor_defaults')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('endpoint', '=', endpoint)
    .where('deployment', '=', deployment)
    .executeTakeFirst()

export async function insertDefault(tx: Tx, endpoint: string, deployment: string, monitor: string): Promise<void> {
  await on(tx)
    .insertInto('monitor_defaults')
    .values({ workspace: tx.who.workspace, endpoint, deployment, monitor, data_at: null })
    .execute()
}

export async function noteData(tx: Tx, endpoint: string, deployment: string, time: string): Promise<void> {
  await on(tx)
    .updateTable('monitor_defaults')
    .set({ data_at: time })
    .where('workspace', '=', tx.who.workspace)
    .where('endpoint', '=', endpoint)
    .where('deployment', '=', deployment)
    .execute()
}

export async function deleteDefault(tx: Tx, endpoint: string, deployment: string): Promise<void> {
  await on(tx)
    .deleteFrom('monitor_defaults')
    .where('workspace', '=', tx.who.workspace)
    .where('endpoint', '=', endpoint)
    .where('deployment', '=', deployment)
    .execute()
}
