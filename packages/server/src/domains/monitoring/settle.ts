import type { MonitorDefinition, SignalResult } from '@hagane/contract'
import type { Tx } from '../../kernel/db/index.ts'
import type { Chart } from './charts.ts'
import { closedFindings, firing, resolved, type Told, toldFindings } from './messages.ts'
import { type Change, changeOf, findingKey, type Open, resultOf, runTags } from './outcome.ts'
import { signalsOf, targetOf } from './plan.ts'
import {
  changeRun,
  closeFinding,
  forgetResultsBefore,
  judgedIn,
  noteJudged,
  openFindingsIn,
  putFinding,
  runForUpdate,
} from './store.ts'
import type { FindingRow, RunRow } from './tables.ts'

/** Runs whose every metric is kept; of older ones the outcome. */
const DETAILED_RUNS = 500

/** What a run knows of its monitor. */
export interface Snapshot {
  readonly create_monitor: MonitorDefinition
}

export const definitionOf = (row: RunRow): MonitorDefinition => (JSON.parse(row.definition) as Snapshot).create_monitor

/** Who is told what of a run. */
export function toldOf(row: Pick<RunRow, 'monitor' | 'name'>, definition: MonitorDefinition): Told {
  const target = targetOf(definition)
  const { alert_notification: notification } = definition
  return {
    monitor: row.monitor,
    run: row.name,
    endpoint: target?.endpoint,
    deployment: target?.deployment,
    emails: typeof notification === 'object' ? (notification.emails ?? []) : [],
  }
}

export const toOpen = (row: FindingRow): Open => ({
  key: row.key,
  signal: row.signal,
  finding: JSON.parse(row.finding),
})

/**
 * Writes down what a run found, and what that changes, in one transaction with the events that tell of it. A run that is over
 * already stays what it is: whoever finishes it second, after a lease was lost, changes nothing.
 */
export async function settleRun(tx: Tx, name: string, results: readonly SignalResult[], chart: Chart): Promise<void> {
  const row = await runForUpdate(tx, name)
  if (row === undefined || row.finished_at !== null) return
  const definition = definitionOf(row)
  const told = toldOf(row, definition)
  const open = (await openFindingsIn(tx, row.monitor_id)).map(toOpen)
  const judged = await judgedIn(tx, row.monitor_id)
  const result = resultOf(results)
  const run_tags = runTags(results)
  const place = { endpoint: told.endpoint, deployment: told.deployment }
  tx.append({
    type: 'dev.hagane.monitor.run-completed',
    subject: `monitor/${row.monitor}`,
    data: { monitor: row.monitor, run: name, time: row.time, result, ...place, run_tags, signals: results.map(brief) },
  })
  for (const one of results) {
    const change = changeOf(one, open, judged.get(one.signal))
    if (change === undefined || one.window === undefined) continue
    await keep(tx, row, one.window.end, change)
    tell(tx, { told, row, definition, one, change, run_tags, place })
  }
  await changeRun(tx, row, {
    status: 'Completed',
    result,
    summary: JSON.stringify(results.map(brief)),
    results: JSON.stringify(results),
    finished_at: tx.now.toISOString(),
  })
  await forgetResultsBefore(tx, row.monitor_id, row.seq - DETAILED_RUNS)
  await chart(tx, row, results)
}

const brief = ({ findings, ...result }: SignalResult) => ({
  ...result,
  metrics: findings.length,
  breached: findings.filter(finding => finding.breached).length,
})

async function keep(tx: Tx, row: RunRow, windowEnd: string, { signal, opened, stayed, closed }: Change): Promise<void> {
  for (const finding of [...opened, ...stayed])
    await putFinding(tx, {
      monitor_id: row.monitor_id,
      key: findingKey(finding),
      signal,
      finding: JSON.stringify(finding),
      since: windowEnd,
      run: row.name,
      judged: windowEnd,
    })
  for (const { key } of closed) await closeFinding(tx, row.monitor_id, key)
  await noteJudged(tx, row.monitor_id, signal, windowEnd)
}

interface Telling {
  told: Told
  row: RunRow
  definition: MonitorDefinition
  one: SignalResult
  change: Change
  run_tags: Record<string, string>
  place: { endpoint: string | undefined; deployment: string | undefined }
}

/** People hear of it once: when something new is beyond its threshold, and when nothing is any more. */
function tell(tx: Tx, { told, row, definition, one, change, run_tags, place }: Telling): void {
  const { opened, stayed, closed } = change
  const alerts = signalsOf(definition).find(({ name }) => name === change.signal)?.signal.alert_enabled !== false
  const common = {
    ...{ monitor: row.monitor, run: row.name, ...place, window: one.window },
    ...{ signal: change.signal, type: one.type, run_tags },
  }
  const subject = `monitor/${row.monitor}`
  if (opened.length > 0)
    tx.append({
      type: 'dev.hagane.monitor.breached',
      subject,
      data: {
        ...common,
        findings: toldFindings(change),
        ...(alerts ? { alert: firing(told, one.type, change) } : {}),
      },
    })
  if (closed.length > 0 && opened.length + stayed.length === 0)
    tx.append({
      type: 'dev.hagane.monitor.recovered',
      subject,
      data: {
        ...common,
        findings: closedFindings(closed),
        ...(alerts ? { alert: resolved(told, one.type, change.signal) } : {}),
      },
    })
}

/** Ends a run that could not be carried out, after the last try. */
export async function failRun(tx: Tx, name: string, error: string): Promise<void> {
  const row = await runForUpdate(tx, name)
  if (row === undefined || row.finished_at !== null) return
  await changeRun(tx, row, { status: 'Failed', error, finished_at: tx.now.toISOString() })
  const told = toldOf(row, definitionOf(row))
  tx.append({
    type: 'dev.hagane.monitor.run-failed',
    subject: `monitor/${row.monitor}`,
    data: {
      ...{ monitor: row.monitor, run: name, time: row.time, error },
      ...{ endpoint: told.endpoint, deployment: told.deployment },
    },
  })
}

/** Resolves whatever is open of a monitor that stops looking. */
export async function closeAll(
  tx: Tx,
  monitor: { id: string; name: string },
  definition: MonitorDefinition,
  why: string,
) {
  const open = (await openFindingsIn(tx, monitor.id)).map(toOpen)
  const told = toldOf({ monitor: monitor.name, name: '' }, definition)
  for (const [signal, closed] of Map.groupBy(open, one => one.signal)) {
    for (const { key } of closed) await closeFinding(tx, monitor.id, key)
    const type = signalsOf(definition).find(({ name }) => name === signal)?.signal.type ?? 'custom'
    tx.append({
      type: 'dev.hagane.monitor.recovered',
      subject: `monitor/${monitor.name}`,
      data: {
        ...{ monitor: monitor.name, endpoint: told.endpoint, deployment: told.deployment, signal, type, why },
        findings: closedFindings(closed),
        alert: resolved(told, type, signal, why),
      },
    })
  }
}
