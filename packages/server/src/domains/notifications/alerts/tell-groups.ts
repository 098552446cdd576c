import {
  type AlertNotification,
  type AlertSelection,
  type AlertSeverity,
  type AlertState,
  alertSeverities,
  secondsOfDuration,
} from '@hagane/contract'
import type { Tx } from '../../../kernel/db/index.ts'
import { optional } from '../../../kernel/optional.ts'
import type { AlertRow } from '../tables.ts'
import { silencedBy } from './silenced.ts'
import { alertSubscriptions, aliveAlerts, changeAlert, silencesAt } from './store.ts'

/** How soon a silenced alert is looked at again. */
const SILENCED_MS = 10_000

export interface TellNeeds {
  /** What stands in the way of e-mail, if anything does. */
  readonly mailProblem: string | undefined
  /** Sees to it that addresses named by alerts are written to. */
  ensureMail(tx: Tx): Promise<void>
}

/** Tells what is due in a workspace, by one event for each group; in one transaction with the note that it was told. */
export async function tellDue(tx: Tx, needs: TellNeeds): Promise<void> {
  const now = tx.now.getTime()
  const alive = await aliveAlerts(tx)
  const silences = await silencesAt(tx, now)
  const loud: AlertRow[] = []
  for (const row of alive) {
    const silence = silencedBy(silences, row, alive)
    if (silence === undefined) loud.push(row.silenced_by === null ? row : await unsilence(tx, row))
    else if (silence !== row.silenced_by || (row.tell_at ?? now + 1) <= now)
      await changeAlert(tx, row.id, { silenced_by: silence, tell_at: row.tell_at === null ? null : now + SILENCED_MS })
  }
  for (const group of new Set(loud.map(row => row.alert_group)))
    await tellGroup(
      tx,
      needs,
      group,
      loud.filter(row => row.alert_group === group),
    )
}

async function unsilence(tx: Tx, row: AlertRow): Promise<AlertRow> {
  await changeAlert(tx, row.id, { silenced_by: null })
  return { ...row, silenced_by: null }
}

async function tellGroup(tx: Tx, needs: TellNeeds, group: string, rows: readonly AlertRow[]): Promise<void> {
  const now = tx.now.getTime()
  const due = rows.filter(row => row.tell_at !== null && row.tell_at <= now)
  const open = rows.filter(row => row.state === 'firing' || row.state === 'acknowledged')
  const begun = due.filter(row => row.state !== 'resolved' && row.told === null)
  const taken = due.filter(row => row.state === 'acknowledged' && row.told !== null && row.told !== 'acknowledged')
  const over = rows.filter(row => row.state === 'resolved')
  const isOver = open.length === 0
  const ended = isOver ? over : over.filter(row => due.includes(row))
  // what ended while others of the group go on is told with those, and the end of the group once all of it is over
  if (begun.length > 0 || (ended.length > 0 && !isOver)) {
    const status = open.every(row => row.state === 'acknowledged') ? 'acknowledged' : 'firing'
    await tell(tx, needs, { status, group, rows: open, ended })
  }
  if (taken.length > 0) await tell(tx, needs, { status: 'acknowledged', group, rows: taken })
  if (isOver && ended.length > 0) await tell(tx, needs, { status: 'resolved', group, rows: ended })
  await escalate(tx, needs, group, open)
}

interface Told {
  status: AlertNotification['status']
  group: string
  rows: readonly AlertRow[]
  /** Those of the group that are over, where others go on. */
  ended?: readonly AlertRow[]
  after?: number
}

async function tell(tx: Tx, needs: TellNeeds, { status, group, rows: going, ended = [], after }: Told): Promise<void> {
  const rows = [...going, ...ended]
  const emails = [...new Set(rows.flatMap(row => JSON.parse(row.emails) as string[]))]
  const { mailProblem } = needs
  const note =
    emails.length > 0 && mailProblem !== undefined ? `not e-mailed to ${emails.join(', ')}: ${mailProblem}` : undefined
  if (emails.length > 0 && mailProblem === undefined) await needs.ensureMail(tx)
  const escalated = new Set(rows.flatMap(row => JSON.parse(row.escalated_after) as number[]))
  const data: AlertNotification = {
    ...{ status, group, severity: highest(rows), alerts: rows.slice(0, 100).map(shown) },
    ...optional('escalate_after', after),
    escalated_after: [...escalated],
    emails: after === undefined ? emails : [],
    ...optional('note', note),
  }
  for (const row of rows) {
    const change =
      after === undefined
        ? { told: ended.includes(row) ? 'resolved' : status, tell_at: null }
        : { escalated_after: JSON.stringify([...(JSON.parse(row.escalated_after) as number[]), after]) }
    await changeAlert(tx, row.id, { ...change, ...(note === undefined ? {} : { note }) })
  }
  const correlation_id = rows[0]?.correlation_id
  tx.append({
    type: 'dev.hagane.alert.notification',
    subject: `alert-group/${group}`,
    data: { ...data, correlation_id },
  })
}

/** Tells those who asked to hear of what nobody acknowledged for so long, each once. */
async function escalate(tx: Tx, needs: TellNeeds, group: string, open: readonly AlertRow[]): Promise<void> {
  const firing = open.filter(row => row.state === 'firing' && row.fired_at !== null)
  if (firing.length === 0) return
  const delays = new Set<number>()
  for (const { alerts } of await alertSubscriptions(tx)) {
    const { escalate_after } = JSON.parse(alerts ?? '{}') as AlertSelection
    if (escalate_after !== undefined) delays.add(secondsOfDuration(escalate_after))
  }
  for (const after of [...delays].sort((a, b) => a - b)) {
    const rows = firing.filter(
      row =>
        tx.now.getTime() >= (row.fired_at ?? 0) + after * 1000 &&
        !(JSON.parse(row.escalated_after) as number[]).includes(after),
    )
    if (rows.length > 0) await tell(tx, needs, { status: 'escalated', group, rows, after })
  }
}

const highest = (rows: readonly AlertRow[]): AlertSeverity =>
  alertSeverities[Math.max(0, ...rows.map(row => alertSeverities.indexOf(row.severity as AlertSeverity)))] ?? 'info'

const shown = (row: AlertRow): AlertNotification['alerts'][number] => ({
  id: row.id,
  key: row.alert_key,
  state: row.state as AlertState,
  severity: row.severity as AlertSeverity,
  summary: row.summary,
  ...optional('summary_ja', row.summary_ja),
  labels: JSON.parse(row.labels),
  ...optional('next_command', row.next_command),
  started_at: new Date(row.started_at).toISOString(),
  ...optional('resolved_at', row.resolved_at === null ? null : new Date(row.resolved_at).toISOString()),
})
