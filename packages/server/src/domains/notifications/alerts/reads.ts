import type { AlertState } from '@hagane/contract'
import type { Database } from '../../../kernel/db/index.ts'
import type { AlertRow, NotificationTables, SilenceRow } from '../tables.ts'

const on = (db: Database) => db.reads.withTables<NotificationTables>()

interface Asked {
  limit: number
  before?: string | undefined
  state: AlertState | 'open' | 'all'
  key?: string | undefined
}

/** Newest first. */
export function listAlerts(db: Database, workspace: string, { limit, before, state, key }: Asked): Promise<AlertRow[]> {
  let query = on(db).selectFrom('alerts').selectAll().where('workspace', '=', workspace)
  if (state === 'open') query = query.where('state', '<>', 'resolved')
  else if (state !== 'all') query = query.where('state', '=', state)
  if (key?.endsWith('*'))
    query = query.where('alert_key', '>=', key.slice(0, -1)).where('alert_key', '<', `${key.slice(0, -1)}\u{10FFFF}`)
  else if (key !== undefined) query = query.where('alert_key', '=', key)
  if (before !== undefined) query = query.where('id', '<', before)
  return query.orderBy('id', 'desc').limit(limit).execute()
}

export const findAlert = (db: Database, workspace: string, id: string): Promise<AlertRow | undefined> =>
  on(db).selectFrom('alerts').selectAll().where('workspace', '=', workspace).where('id', '=', id).executeTakeFirst()

/** Newest first. */
export function listSilences(
  db: Database,
  workspace: string,
  { limit, before }: { limit: number; before?: string | undefined },
): Promise<SilenceRow[]> {
  const query = on(db).selectFrom('silences').selectAll().where('workspace', '=', workspace)
  return (before === undefined ? query : query.where('id', '<', before)).orderBy('id', 'desc').limit(limit).execute()
}

/** Up to which event alerts were drawn from the chain. From the writing connection: it is compared when it is moved. */
export async function alertCursor(db: Database): Promise<number> {
  const row = await db.writes.selectFrom('consumers').select('cursor').where('name', '=', 'alerts').executeTakeFirst()
  return row?.cursor ?? 0
}

/** Workspaces in which something may have to be told by now, or escalated. */
export async function workspacesToLookAt(db: Database, now: number): Promise<string[]> {
  const rows = await on(db)
    .selectFrom('alerts')
    .select('workspace')
    .distinct()
    .where(eb => eb.or([eb('tell_at', '<=', now), eb('state', '=', 'firing')]))
    .execute()
  return rows.map(row => row.workspace)
}
