import type { Database } from '../../../kernel/db/index.ts'
import type { FeedRow, NotificationTables, SubscriptionRow } from '../tables.ts'

const on = (db: Database) => db.reads.withTables<NotificationTables>()

const joined = (db: Database) =>
  on(db)
    .selectFrom('subscriptions')
    .innerJoin('subscription_feeds', 'subscription_feeds.subscription_id', 'subscriptions.id')
    .selectAll()

export type FedSubscription = SubscriptionRow & FeedRow

export const findSubscription = (db: Database, workspace: string, name: string): Promise<FedSubscription | undefined> =>
  joined(db).where('workspace', '=', workspace).where('name', '=', name).executeTakeFirst()

/** By name. */
export function listSubscriptions(
  db: Database,
  workspace: string,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<FedSubscription[]> {
  const query = joined(db).where('workspace', '=', workspace)
  return (after === undefined ? query : query.where('name', '>', after)).orderBy('name').limit(limit).execute()
}
