import { canonicalJson } from '../canonical-json.ts'
import type { Tx } from '../db/database.ts'
import { newUlid } from '../ids.ts'
import { type EventRow, GENESIS, hashEvent, type NewEvent } from './chain.ts'

/** Appends to the chain inside a transaction that already holds the chain's lock. */
export async function appendEvents(tx: Tx, events: readonly NewEvent[]): Promise<void> {
  const head = await tx.db.selectFrom('event_head').select(['seq', 'hash']).executeTakeFirst()
  let { seq, hash } = head ?? { seq: 0, hash: GENESIS }
  const rows: EventRow[] = []
  for (const event of events) {
    const row = {
      seq: ++seq,
      id: newUlid(tx.now.getTime()),
      time: tx.now.toISOString(),
      workspace: tx.who.workspace,
      actor: tx.who.actor,
      type: event.type,
      subject: event.subject,
      data: canonicalJson(event.data),
      prev_hash: hash,
    }
    hash = hashEvent(row)
    rows.push({ ...row, hash })
  }
  for (let i = 0; i < rows.length; i += 500)
    await tx.db
      .insertInto('events')
      .values(rows.slice(i, i + 500))
      .execute()
  await tx.db.updateTable('event_head').set({ seq, hash }).where('one', '=', 1).execute()
}
