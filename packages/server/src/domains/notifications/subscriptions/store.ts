import { lockUntilCommit, type Tx } from '../../../kernel/db/index.ts'
import { newUlid } from '../../../kernel/ids.ts'
import { created, modified } from '../../../kernel/stamps.ts'
import type { NotificationTables, SubscriptionRow } from '../tables.ts'

const on = (tx: Tx) => tx.db.withTables<NotificationTables>()

/** The row as it is now, nobody else changing it. */
export async function subscriptionForUpdate(tx: Tx, name: string): Promise<SubscriptionRow | undefined> {
  await lockUntilCommit(tx, `subscriptions/${tx.who.workspace}/${name}`)
  return on(tx)
    .selectFrom('subscriptions')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .executeTakeFirst()
}

export type Content = Omit<
  SubscriptionRow,
  'workspace' | 'id' | 'revision' | 'created_at' | 'created_by' | 'modified_at' | 'modified_by'
>

/** A new subscription hears of what is appended from this transaction on. */
export async function insertSubscription(tx: Tx, content: Content): Promise<void> {
  const id = newUlid(tx.now.getTime())
  const head = await tx.db.selectFrom('event_head').select('seq').executeTakeFirst()
  await on(tx)
    .insertInto('subscriptions')
    .values({ ...content, workspace: tx.who.workspace, id, ...created(tx) })
    .execute()
  await on(tx)
    .insertInto('subscription_feeds')
    .values({
      subscription_id: id,
      event_cursor: head?.seq ?? 0,
      ...{ lease_owner: null, lease_beat: 0, fence: 0, nudge: 0, health: 'healthy', last_error: null },
    })
    .execute()
}

export async function changeSubscription(tx: Tx, row: SubscriptionRow, change: Partial<Content>): Promise<void> {
  await on(tx)
    .updateTable('subscriptions')
    .set({ ...change, ...modified(tx, row) })
    .where('id', '=', row.id)
    .execute()
}

export async function deleteSubscription(tx: Tx, { id }: SubscriptionRow): Promise<void> {
  await on(tx).deleteFrom('deliveries').where('subscription_id', '=', id).execute()
  await on(tx).deleteFrom('subscription_feeds').where('subscription_id', '=', id).execute()
  await on(tx).deleteFrom('subscriptions').where('id', '=', id).execute()
}
