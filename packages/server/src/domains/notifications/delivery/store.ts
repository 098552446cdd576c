import { sql } from 'kysely'
import type { Database, Tx } from '../../../kernel/db/index.ts'
import type { DeliveryRow, NotificationTables } from '../tables.ts'
import type { Progress } from './runner.ts'

type On = Tx['db']
const on = (db: On) => db.withTables<NotificationTables>()

/** Delivered ones that are kept for each subscription. */
const KEPT = 10_000

/** Takes a subscription for `owner` unless somebody else did since its fence was read; the new fence, or undefined. */
export async function claimFeed(
  db: Database,
  subscription: string,
  owner: string,
  fence: number,
): Promise<number | undefined> {
  const taken = await db.relaxed(tx =>
    on(tx)
      .updateTable('subscription_feeds')
      .set({ lease_owner: owner, fence: fence + 1, lease_beat: eb => eb('lease_beat', '+', 1) as never })
      .where('subscription_id', '=', subscription)
      .where('fence', '=', fence)
      .executeTakeFirst(),
  )
  return Number(taken.numUpdatedRows) === 1 ? fence + 1 : undefined
}

/** Tells the others that the owner lives. */
export async function beat(db: Database, owner: string): Promise<void> {
  await db.relaxed(tx =>
    on(tx)
      .updateTable('subscription_feeds')
      .set(eb => ({ lease_beat: eb('lease_beat', '+', 1) }))
      .where('lease_owner', '=', owner)
      .execute(),
  )
}

/** Gives up what this owner has, so that others need not wait. */
export async function releaseFeeds(db: Database, owner: string): Promise<void> {
  await db.relaxed(tx =>
    on(tx).updateTable('subscription_feeds').set({ lease_owner: null }).where('lease_owner', '=', owner).execute(),
  )
}

/** Writes what came of deliveries; false when another server has the subscription by now, and nothing was written. */
export async function writeProgress(
  tx: Pick<Tx, 'db' | 'dialect'>,
  { id, fence }: { id: string; fence: number },
  { cursor, health, lastError, rows }: Progress,
): Promise<boolean> {
  const moved = await on(tx.db)
    .updateTable('subscription_feeds')
    .set({ event_cursor: cursor, health, last_error: lastError })
    .where('subscription_id', '=', id)
    .where('fence', '=', fence)
    .executeTakeFirst()
  if (Number(moved.numUpdatedRows) === 0) return false
  if (rows.length > 0) await upsertDeliveries(tx, rows)
  return true
}

const columns = [
  ...(['subscription_id', 'seq', 'event_id', 'type', 'subject', 'state', 'attempts'] as const),
  ...(['first_at', 'last_at', 'due_at', 'status', 'error', 'duration_ms'] as const),
]
const kinds: Partial<Record<(typeof columns)[number], string>> = {
  seq: 'bigint',
  attempts: 'integer',
  first_at: 'bigint',
  last_at: 'bigint',
  due_at: 'bigint',
  status: 'integer',
  duration_ms: 'double precision',
}
const listed = sql.raw(columns.join(', '))
const changes = sql.raw(
  columns
    .slice(2)
    .map(column => `${column} = excluded.${column}`)
    .join(', '),
)
const fromJson = {
  sqlite: sql.raw(columns.map((_, i) => `value ->> ${i}`).join(', ')),
  postgres: sql.raw(columns.map((column, i) => `(value ->> ${i})::${kinds[column] ?? 'text'}`).join(', ')),
}

/** Many rows by one parameter: some thousand a second are written beside everything else. */
export async function upsertDeliveries(tx: Pick<Tx, 'db' | 'dialect'>, rows: readonly DeliveryRow[]): Promise<void> {
  const json = JSON.stringify(rows.map(row => columns.map(column => row[column])))
  const source = { sqlite: sql`json_each(${json})`, postgres: sql`jsonb_array_elements(${json}::jsonb)` }[tx.dialect]
  await sql`insert into deliveries (${listed}) select ${fromJson[tx.dialect]} from ${source} where true on conflict (subscription_id, seq) do update set ${changes}`.execute(
    tx.db,
  )
}

/** Forgets delivered ones but for the newest; those beyond the cursor a restart needs. */
export async function prune(db: Database, subscription: string): Promise<void> {
  await db.relaxed(async tx => {
    const oldest = await on(tx)
      .selectFrom('deliveries')
      .select('seq')
      .where('subscription_id', '=', subscription)
      .orderBy('seq', 'desc')
      .offset(KEPT)
      .limit(1)
      .executeTakeFirst()
    if (oldest === undefined) return
    await on(tx)
      .deleteFrom('deliveries')
      .where('subscription_id', '=', subscription)
      .where('state', '=', 'delivered')
      .where('seq', '<=', oldest.seq)
      .where(
        'seq',
        '<=',
        on(tx).selectFrom('subscription_feeds').select('event_cursor').where('subscription_id', '=', subscription),
      )
      .execute()
  })
}

/** Has the owner of a subscription read its deliveries again. */
export async function nudge(tx: Tx, subscription: string): Promise<void> {
  await on(tx.db)
    .updateTable('subscription_feeds')
    .set(eb => ({ nudge: eb('nudge', '+', 1) }))
    .where('subscription_id', '=', subscription)
    .execute()
}

/** Makes given-up deliveries due again, in their old order; how many. */
export async function reviveDead(tx: Tx, subscription: string): Promise<number> {
  const revived = await on(tx.db)
    .updateTable('deliveries')
    .set({ state: 'retrying', attempts: 0, first_at: null, due_at: null })
    .where('subscription_id', '=', subscription)
    .where('state', '=', 'dead')
    .executeTakeFirst()
  return Number(revived.numUpdatedRows)
}
