import { lockUntilCommit, type Tx } from '../../../kernel/db/index.ts'
import type { AlertRow, NotificationTables, SilenceRow, SubscriptionRow } from '../tables.ts'

const on = (tx: Tx) => tx.db.withTables<NotificationTables>()

/** Only one transaction changes alerts at a time; it is held for the first step of each that does. */
export const lockAlerts = (tx: Tx): Promise<void> => lockUntilCommit(tx, 'notifications/alerts')

const CONSUMER = 'alerts'

/** Moves past events, if nobody did since the cursor was read: what follows from them happens once. */
export async function movePast(tx: Tx, from: number, to: number): Promise<boolean> {
  if (from === 0)
    await tx.db
      .insertInto('consumers')
      .values({ name: CONSUMER, cursor: 0 })
      .onConflict(conflict => conflict.doNothing())
      .execute()
  const moved = await tx.db
    .updateTable('consumers')
    .set({ cursor: to })
    .where('name', '=', CONSUMER)
    .where('cursor', '=', from)
    .executeTakeFirst()
  return Number(moved.numUpdatedRows) === 1
}

export const openAlert = (tx: Tx, key: string): Promise<AlertRow | undefined> =>
  on(tx)
    .selectFrom('alerts')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('alert_key', '=', key)
    .where('state', '<>', 'resolved')
    .executeTakeFirst()

export const alertForUpdate = (tx: Tx, id: string): Promise<AlertRow | undefined> =>
  on(tx)
    .selectFrom('alerts')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('id', '=', id)
    .executeTakeFirst()

export const openAlertsOfRule = (tx: Tx, rule: string): Promise<AlertRow[]> =>
  on(tx)
    .selectFrom('alerts')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('rule', '=', rule)
    .where('state', '<>', 'resolved')
    .execute()

/** Open alerts, and those that are over and of which that is not told yet. */
export const aliveAlerts = (tx: Tx): Promise<AlertRow[]> =>
  on(tx)
    .selectFrom('alerts')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where(eb => eb.or([eb('state', '<>', 'resolved'), eb('tell_at', 'is not', null)]))
    .orderBy('id')
    .execute()

export const insertAlert = async (tx: Tx, row: AlertRow): Promise<void> => {
  await on(tx).insertInto('alerts').values(row).execute()
}

export const changeAlert = async (tx: Tx, id: string, change: Partial<AlertRow>): Promise<void> => {
  await on(tx).updateTable('alerts').set(change).where('id', '=', id).execute()
}

export const insertSilence = async (tx: Tx, row: SilenceRow): Promise<void> => {
  await on(tx).insertInto('silences').values(row).execute()
}

export async function deleteSilence(tx: Tx, id: string): Promise<boolean> {
  const gone = await on(tx)
    .deleteFrom('silences')
    .where('workspace', '=', tx.who.workspace)
    .where('id', '=', id)
    .executeTakeFirst()
  return Number(gone.numDeletedRows) === 1
}

export const silencesAt = (tx: Tx, now: number): Promise<SilenceRow[]> =>
  on(tx)
    .selectFrom('silences')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('starts_at', '<=', now)
    .where(eb => eb.or([eb('ends_at', 'is', null), eb('ends_at', '>', now)]))
    .execute()

/** Subscriptions of the workspace that are told of alerts. */
export const alertSubscriptions = (tx: Tx): Promise<Pick<SubscriptionRow, 'alerts'>[]> =>
  on(tx)
    .selectFrom('subscriptions')
    .select('alerts')
    .where('workspace', '=', tx.who.workspace)
    .where('is_enabled', '=', 1)
    .where('alerts', 'is not', null)
    .execute()
