import {
  type AlertResource,
  type AlertState,
  HaganeError,
  type Page,
  type SilenceResource,
  type SilenceSpec,
  secondsOfDuration,
} from '@hagane/contract'
import type { Database, Tx, Who } from '../../../kernel/db/index.ts'
import { pageFrom, textCursor } from '../../../kernel/http/index.ts'
import { newUlid } from '../../../kernel/ids.ts'
import { optional } from '../../../kernel/optional.ts'
import type { AlertRow, SilenceRow } from '../tables.ts'
import { findAlert, listAlerts, listSilences } from './reads.ts'
import { acknowledgeAlert, settleAlert } from './signals.ts'
import { alertForUpdate, deleteSilence, insertSilence, lockAlerts } from './store.ts'

interface Asked {
  limit: number
  cursor?: string | undefined
}

/** Throws not_found. */
export async function showAlert(db: Database, workspace: string, id: string): Promise<AlertResource> {
  return toAlert((await findAlert(db, workspace, id)) ?? (await Promise.reject(noAlert(workspace, id))))
}

/** Newest first. */
export async function pageOfAlerts(
  db: Database,
  workspace: string,
  { limit, cursor, state, key }: Asked & { state: AlertState | 'open' | 'all'; key?: string | undefined },
): Promise<Page<AlertResource>> {
  const rows = await listAlerts(db, workspace, { limit: limit + 1, before: textCursor(cursor), state, key })
  return pageFrom(rows, limit, toAlert, row => [row.id])
}

/** Throws not_found, and conflict unless it fires. */
export const acknowledge = (db: Database, who: Who, id: string, comment: string | undefined): Promise<void> =>
  onAlert(db, who, id, async (tx, row) => {
    if (row.state === 'acknowledged') return
    if (row.state !== 'firing') throw wrongState(row, 'acknowledged')
    await acknowledgeAlert(tx, row, comment)
  })

/** Throws not_found. Resolving one that is resolved changes nothing. */
export const resolve = (db: Database, who: Who, id: string, comment: string | undefined): Promise<void> =>
  onAlert(db, who, id, async (tx, row) => {
    if (row.state !== 'resolved') await settleAlert(tx, row, comment ?? `resolved by ${who.actor}`)
  })

async function onAlert(
  db: Database,
  who: Who,
  id: string,
  act: (tx: Tx, row: AlertRow) => Promise<void>,
): Promise<void> {
  await db.withTransaction(who, async tx => {
    await lockAlerts(tx)
    const row = await alertForUpdate(tx, id)
    if (row === undefined) throw noAlert(who.workspace, id)
    await act(tx, row)
  })
}

/** Throws invalid when it ends before it begins. */
export async function createSilence(db: Database, who: Who, spec: SilenceSpec): Promise<SilenceResource> {
  return db.withTransaction(who, async tx => {
    const now = tx.now.getTime()
    const starts_at = spec.starts_at === undefined ? now : Date.parse(spec.starts_at)
    const { duration, ends_at } = spec
    const end =
      duration === undefined
        ? ends_at === undefined
          ? null
          : Date.parse(ends_at)
        : starts_at + secondsOfDuration(duration) * 1000
    if (end !== null && end <= Math.max(now, starts_at))
      throw endsBefore(duration === undefined ? 'ends_at' : 'duration', duration ?? ends_at)
    const row: SilenceRow = {
      ...{ id: newUlid(now), workspace: who.workspace, spec: JSON.stringify(spec), starts_at, ends_at: end },
      ...{ created_at: tx.now.toISOString(), created_by: who.actor },
    }
    await insertSilence(tx, row)
    tx.append({ type: 'dev.hagane.silence.created', subject: `silence/${row.id}`, data: { ...spec, id: row.id } })
    return toSilence(row, now)
  })
}

/** Throws not_found. */
export async function removeSilence(db: Database, who: Who, id: string): Promise<void> {
  await db.withTransaction(who, async tx => {
    if (!(await deleteSilence(tx, id)))
      throw new HaganeError('not_found', `no silence '${id}' in workspace ${who.workspace}`, {
        hint: '`hagane silence list` shows what there is',
      })
    tx.append({ type: 'dev.hagane.silence.deleted', subject: `silence/${id}`, data: { id } })
  })
}

/** Newest first. */
export async function pageOfSilences(
  db: Database,
  workspace: string,
  { limit, cursor }: Asked,
): Promise<Page<SilenceResource>> {
  const rows = await listSilences(db, workspace, { limit: limit + 1, before: textCursor(cursor) })
  const now = db.clock.now().getTime()
  return pageFrom(
    rows,
    limit,
    row => toSilence(row, now),
    row => [row.id],
  )
}

function toSilence(row: SilenceRow, now: number): SilenceResource {
  const { match, while: source, equal, comment } = JSON.parse(row.spec) as SilenceSpec
  return {
    ...{ id: row.id, match, starts_at: timeOf(row.starts_at) ?? '' },
    ...optional('ends_at', timeOf(row.ends_at)),
    ...optional('while', source),
    ...optional('equal', equal),
    ...optional('comment', comment),
    is_active: row.starts_at <= now && (row.ends_at === null || row.ends_at > now),
    ...{ created_at: row.created_at, created_by: row.created_by },
  }
}

const timeOf = (milliseconds: number | null) =>
  milliseconds === null ? undefined : new Date(milliseconds).toISOString()

const toAlert = (row: AlertRow): AlertResource => ({
  ...{ id: row.id, key: row.alert_key, group: row.alert_group, state: row.state as AlertState },
  ...{ severity: row.severity as AlertResource['severity'], summary: row.summary },
  ...optional('summary_ja', row.summary_ja),
  labels: JSON.parse(row.labels),
  ...optional('next_command', row.next_command),
  emails: JSON.parse(row.emails),
  ...optional('rule', row.rule),
  ...{ event_id: row.event_id, correlation_id: row.correlation_id, times_seen: row.times_seen },
  started_at: timeOf(row.started_at) ?? '',
  ...optional('fired_at', timeOf(row.fired_at)),
  last_seen_at: timeOf(row.last_seen_at) ?? '',
  ...optional('acknowledged_at', timeOf(row.acknowledged_at)),
  ...optional('acknowledged_by', row.acknowledged_by),
  ...optional('resolved_at', timeOf(row.resolved_at)),
  ...optional('told', row.told),
  escalated_after: JSON.parse(row.escalated_after),
  ...optional('silenced_by', row.silenced_by),
  ...optional('note', row.note),
})

const endsBefore = (property: string, sent: string | undefined): HaganeError =>
  new HaganeError('invalid', `${property}: this silence is over before it begins`, {
    details: [{ property, message: 'it would have to end after now and after starts_at', sent }],
    hint: 'for example: --duration 2h',
  })

const noAlert = (workspace: string, id: string): HaganeError =>
  new HaganeError('not_found', `no alert '${id}' in workspace ${workspace}`, {
    hint: '`hagane alert list --state all` shows what there is',
  })

const wrongState = (row: AlertRow, wanted: string): HaganeError =>
  new HaganeError('conflict', `alert ${row.id} is ${row.state}, so it cannot be ${wanted}`, {
    hint: 'only an alert that fires can be acknowledged',
  })
