import type { Database } from '../../kernel/db/index.ts'
import { eventsAfter, verifyChain } from '../../kernel/events/index.ts'
import type { Checkpoints } from './checkpoints.ts'

type Verification = Awaited<ReturnType<typeof verifyChain>>

/** Walks the chain, then holds it against every checkpoint that this server signed: a chain that was computed anew shows there. */
export async function verifyAgainstCheckpoints(db: Database, checkpoints: Checkpoints): Promise<Verification> {
  const walked = await verifyChain(db)
  if (!walked.ok) return walked
  for (const { size, head, time } of await checkpoints.own(0, walked.count)) {
    const [event] = await eventsAfter(db, size - 1, 1)
    if (event === undefined || event.hash === head) continue
    const { seq, id, type, subject } = event
    const reason = `it is not the event that was signed at ${time}: the chain was computed anew somewhere before it`
    return { ok: false, count: 0, seq, id, type, subject, reason }
  }
  return walked
}
