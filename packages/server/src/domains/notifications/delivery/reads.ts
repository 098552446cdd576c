import type { DeliveryState } from '@hagane/contract'
import type { Database } from '../../../kernel/db/index.ts'
import type { DeliveryRow, FeedRow, NotificationTables, SubscriptionRow } from '../tables.ts'

const on = (db: Database) => db.reads.withTables<NotificationTables>()

export type Fed = SubscriptionRow & FeedRow

/** Enabled subscriptions of all workspaces and how far each is. From the writing connection: leases are decided on it. */
export const enabledFeeds = (db: Database): Promise<Fed[]> =>
  db.writes
    .withTables<NotificationTables>()
    .selectFrom('subscriptions')
    .innerJoin('subscription_feeds', 'subscription_feeds.subscription_id', 'subscriptions.id')
    .selectAll()
    .where('is_enabled', '=', 1)
    .execute()

/** What a server that takes a subscription over has to know, in order: what is not done, and what is done beyond the cursor. */
export const unfinished = (
  db: Database,
  { subscription_id: id, event_cursor: cursor }: FeedRow,
): Promise<DeliveryRow[]> =>
  db.writes
    .withTables<NotificationTables>()
    .selectFrom('deliveries')
    .selectAll()
    .where('subscription_id', '=', id)
    .where(eb => eb.or([eb('state', 'in', ['retrying', 'waiting']), eb('seq', '>', cursor)]))
    .orderBy('seq')
    .execute()

/** How many deliveries of each subscription are in each state but delivered. */
export async function openCounts(
  db: Database,
  subscriptions: readonly string[],
): Promise<Map<string, Partial<Record<DeliveryState, number>>>> {
  const counts = new Map<string, Partial<Record<DeliveryState, number>>>()
  if (subscriptions.length === 0) return counts
  const rows = await on(db)
    .selectFrom('deliveries')
    .select(({ fn }) => ['subscription_id', 'state', fn.countAll().as('count')])
    .where('subscription_id', 'in', subscriptions)
    .where('state', '<>', 'delivered')
    .groupBy(['subscription_id', 'state'])
    .execute()
  for (const { subscription_id, state, count } of rows)
    counts.set(subscription_id, { ...counts.get(subscription_id), [state]: Number(count) })
  return counts
}

interface Asked {
  limit: number
  before?: number | undefined
  state?: DeliveryState | undefined
}

/** Newest event first. */
export function listDeliveries(
  db: Database,
  subscription: string,
  { limit, before, state }: Asked,
): Promise<DeliveryRow[]> {
  let query = on(db).selectFrom('deliveries').selectAll().where('subscription_id', '=', subscription)
  if (before !== undefined) query = query.where('seq', '<', before)
  if (state !== undefined) query = query.where('state', '=', state)
  return query.orderBy('seq', 'desc').limit(limit).execute()
}
