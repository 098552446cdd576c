import { createHash } from 'node:crypto'
import { HaganeError } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import { type EventRow, eventsAfter } from '../../kernel/events/index.ts'
import type { ChainTree } from './chain-tree.ts'
import type { Checkpoints } from './checkpoints.ts'
import { chainHead } from './reads.ts'

const PAGE = 1000

/** In the order in which an export names them; `data` stays the stored text, so that its hash can be computed again. */
export const eventLine = ({ seq, id, time, workspace, actor, type, subject, data, prev_hash, hash }: EventRow) => ({
  ...{ seq, id, time, workspace, actor, type, subject, data, prev_hash, hash },
})

/**
 * The chain after an event as lines: a first one with what the server signs about it, the events, and a last one with the
 * digest of all before. The form is described in docs/guides/audit.md. Throws invalid when there are not so many events.
 */
export async function exportLines(
  { db, tree, checkpoints }: { db: Database; tree: ChainTree; checkpoints: Checkpoints },
  after: number,
): Promise<AsyncGenerator<string>> {
  const { seq: size } = await chainHead(db)
  if (after > size)
    throw new HaganeError('invalid', `after: there are ${size} events, none after ${after}`, {
      details: [{ property: 'after', message: 'too large', sent: after, allowed: `0 to ${size}` }],
    })
  const [begin, end] = [await checkpoints.signedAt(after), await checkpoints.signedAt(size)]
  const header = {
    hagane_audit: 1,
    origin: end.origin,
    after,
    after_hash: begin.head,
    frontier: await tree.peaks(after),
    size,
    head: end.head,
    public_key: end.public_key,
    begin: begin.note,
    checkpoint: end.note,
    checkpoints: (await checkpoints.own(after, size)).map(({ note }) => note),
  }
  return lines(db, header)
}

async function* lines(db: Database, header: { after: number; size: number; head: string }): AsyncGenerator<string> {
  const digest = createHash('sha256')
  const written = (text: string) => {
    digest.update(text)
    return text
  }
  yield written(`${JSON.stringify(header)}\n`)
  let count = 0
  for (let from = header.after; from < header.size; ) {
    const rows = await eventsAfter(db, from, Math.min(PAGE, header.size - from))
    const last = rows.at(-1)
    if (last === undefined) break
    count += rows.length
    // a chain with a gap is told as it is: the reader finds it
    yield written(
      rows
        .filter(row => row.seq <= header.size)
        .map(row => `${JSON.stringify(eventLine(row))}\n`)
        .join(''),
    )
    from = last.seq
  }
  yield `${JSON.stringify({ hagane_audit_end: 1, count, head: header.head, sha256: digest.digest('hex') })}\n`
}
