import { HaganeError } from '@hagane/contract'
import { canonicalJson } from '../canonical-json.ts'
import { newUlid } from '../ids.ts'
import { type EventRow, GENESIS, hashEvent, type NewEvent } from './chain.ts'
import type { Database, Tx, Who } from './database.ts'

/** Appends to the chain inside a transaction that already holds the chain's lock. */
export async function appendEvents(tx: Tx, events: readonly NewEvent[]): Promise<void> {
  const head = await tx.db.selectFrom('event_head').select(['seq', 'hash']).executeTakeFirst()
  let { seq, hash } = head ?? { seq: 0, hash: GENESIS }
  const rows: EventRow[] = []
  const chained: { workspace: string; correlation: string; seq: number }[] = []
  for (const event of events) {
    const data = correlated(event.data, tx.who)
    const row = {
      seq: ++seq,
      id: newUlid(tx.now.getTime()),
      time: tx.now.toISOString(),
      workspace: tx.who.workspace,
      actor: tx.who.actor,
      type: event.type,
      subject: event.subject,
      data: canonicalJson(data),
      prev_hash: hash,
    }
    hash = hashEvent(row)
    rows.push({ ...row, hash })
    if (typeof data.correlation_id === 'string')
      chained.push({ workspace: row.workspace, correlation: data.correlation_id, seq })
  }
  for (let i = 0; i < rows.length; i += 500)
    await tx.db
      .insertInto('events')
      .values(rows.slice(i, i + 500))
      .execute()
  if (chained.length > 0) await tx.db.insertInto('event_correlations').values(chained).execute()
  await tx.db.updateTable('event_head').set({ seq, hash }).where('one', '=', 1).execute()
}

/** An event that names its correlation itself keeps it. */
const correlated = (data: NewEvent['data'], { correlation }: Who): NewEvent['data'] =>
  correlation === undefined || data.correlation_id !== undefined ? data : { ...data, correlation_id: correlation }

/** The key commits with the work, so a retry after a crash can never do it twice. */
export async function claimIdempotency(tx: Tx, claim: NonNullable<Who['idempotency']>): Promise<void> {
  const inserted = await tx.db
    .insertInto('idempotency')
    .values({
      workspace: claim.workspace,
      actor: tx.who.actor,
      operation: claim.operation,
      key: claim.key,
      request_hash: claim.requestHash,
      response: null,
      created_at: tx.now.toISOString(),
    })
    .onConflict(conflict => conflict.doNothing())
    .executeTakeFirst()
  if (Number(inserted.numInsertedOrUpdatedRows ?? 0) === 0)
    throw new HaganeError('conflict', `a request with Idempotency-Key '${claim.key}' was already carried out`, {
      hint: 'read its result; use a new key for a new request',
    })
}

interface AnswerKey {
  workspace: string
  actor: string
  operation: string
  key: string
}

/** Keeps the answer to a create that carried a key. */
export async function keepAnswer(
  db: Database,
  { workspace, actor, operation, key }: AnswerKey,
  response: string,
): Promise<void> {
  await db.writes
    .updateTable('idempotency')
    .set({ response })
    .where('workspace', '=', workspace)
    .where('actor', '=', actor)
    .where('operation', '=', operation)
    .where('key', '=', key)
    .execute()
}
