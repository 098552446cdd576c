import type { Kysely } from 'kysely'
import type { Database } from '../../../kernel/db/index.ts'
import type { MentionTables } from './tables.ts'

/** Keeps what events are about. Seeing an event twice changes nothing. */
export async function keepMentions(db: Database, rows: readonly MentionTables['event_mentions'][]): Promise<void> {
  for (let i = 0; i < rows.length; i += 300)
    await db.relaxed(tx =>
      (tx.withTables<MentionTables>() as unknown as Kysely<MentionTables>)
        .insertInto('event_mentions')
        .values(rows.slice(i, i + 300))
        .onConflict(conflict => conflict.doNothing())
        .execute(),
    )
}
