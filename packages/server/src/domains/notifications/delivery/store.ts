import { sql } from 'kysely'
import type { Database, Tx } from '../../../kernel/db/index.ts'
import type { DeliveryRow, NotificationTables } from '../tables.ts'
import type { Progress } from './runner.ts'

type On = Tx['db']
const on = (db: On) => db.withTables<NotificationTables>()

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
  { id, fence, nudge }: { id: string; fence: number; nudge: number },
  { cursor, health, lastError, rows }: Progress,
): Promise<boolean> {
  const moved = await on(tx.db)
    .updateTable('subscription_feeds')
    .set({ event_cursor: cursor, health, last_error: lastError })
    .where('subscription_id', '=', id)
    .where('fence', '=', fence)
    .returning('nudge')
    .executeTakeFirst()
  if (moved === undefined) return false
  // what was asked for again since the deliveries were read is not done by what came of the time before
  if (rows.length > 0) await upsertDeliveries(tx, rows, Number(moved.nudge) === nudge ? 'all' : 'but asked again')
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

const butAskedAgain = sql.raw("where not (deliveries.state = 'retrying' and deliveries.attempts = 0)")

/** Many rows by one parameter: some thousand a second are written beside everything else. */
export async function upsertDeliveries(
  tx: Pick<Tx, 'db' | 'dialect'>,
  rows: readonly DeliveryRow[],
  which: 'all' | 'but asked again' = 'all',
): Promise<void> {
  const json = JSON.stringify(rows.map(row => columns.map(column => row[column])))
  const source = { sqlite: sql`json_each(${json})`, postgres: sql`jsonb_array_elements(${json}::jsonb)` }[tx.dialect]
  await sql`insert into deliveries (${listed}) select ${fromJson[tx.dialect]} from ${source} where true on conflict (subscription_id, seq) do update set ${changes} ${which === 'all' ? sql`` : butAskedAgain}`.execute(
    tx.db,
  )
}

/** What is kept of deliveries that are done. */
export interface DeliveryLog {
  /** Delivered ones of each subscription. */
  readonly size: number
  /** Age at which delivered and given-up ones go. */
  readonly seconds: number
}

/** Forgets deliveries that are done and too many or too old; those beyond the cursor a restart needs. */
export async function prune(db: Database, subscription: string, { size, seconds }: DeliveryLog): Promise<void> {
  const before = db.clock.now().getTime() - seconds * 1000
  await db.relaxed(async tx => {
    const oldest = await on(tx)
      .selectFrom('deliveries')
      .select('seq')
      .where('subscription_id', '=', subscription)
      .orderBy('seq', 'desc')
      .offset(size)
      .limit(1)
      .executeTakeFirst()
    const done = on(tx)
      .deleteFrom('deliveries')
      .where('subscription_id', '=', subscription)
      .where(
        'seq',
        '<=',
        on(tx).selectFrom('subscription_feeds').select('event_cursor').where('subscription_id', '=', subscription),
      )
    await done.where('state', 'in', ['delivered', 'dead']).where('last_at', '<', before).execute()
    if (oldest !== undefined) await done.where('state', '=', 'delivered').where('seq', '<=', oldest.seq).execute()
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
