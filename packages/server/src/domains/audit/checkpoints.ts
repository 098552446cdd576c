import { type AuditCheckpoint, HaganeError } from '@hagane/contract'
import type { Database, Who } from '../../kernel/db/index.ts'
import { type EventRow, eventsAfter, eventsBefore, verifyChain } from '../../kernel/events/index.ts'
import type { ChainTree } from './chain-tree.ts'
import { chainHead } from './reads.ts'
import type { Signer } from './signer.ts'

export const CHECKPOINT = 'dev.hagane.audit.checkpoint-created'
/** What `prev_hash` of the first event is. */
const GENESIS = '0'.repeat(64)

export interface Checkpoints {
  /** Signs what the chain held at a size, without keeping it. */
  signedAt(size: number): Promise<AuditCheckpoint>
  /** Checks the chain since the checkpoint before, signs it and keeps the checkpoint. Throws conflict when it does not hold. */
  create(who: Who): Promise<AuditCheckpoint>
  /** Makes one when the last is older than `seconds` and something happened since; tells whether it did. */
  createIfDue(seconds: number): Promise<boolean>
  /** Newest first. */
  page(before: number | undefined, limit: number): Promise<EventRow[]>
  /** This server's own, of more than `after` and at most `size` events, oldest first; of very many every n-th. */
  own(after: number, size: number): Promise<AuditCheckpoint[]>
}

export const checkpointOf = (row: EventRow): AuditCheckpoint => JSON.parse(row.data).checkpoint as AuditCheckpoint

/** An export names no more than these. */
const MOST = 2000

export function buildCheckpoints(db: Database, tree: ChainTree, signer: Signer): Checkpoints {
  async function signedAt(size: number): Promise<AuditCheckpoint> {
    const [last] = size === 0 ? [] : await eventsAfter(db, size - 1, 1)
    const what = {
      size,
      root: await tree.root(size),
      head: last?.hash ?? GENESIS,
      time: db.clock.now().toISOString(),
    }
    return { origin: signer.origin, ...what, note: signer.sign(what), public_key: signer.publicKey }
  }

  const page = (before: number | undefined, limit: number) => eventsBefore(db, before, limit, { type: CHECKPOINT })

  const isOwn = (checkpoint: AuditCheckpoint) => checkpoint.public_key === signer.publicKey

  async function own(after: number, size: number): Promise<AuditCheckpoint[]> {
    const found: AuditCheckpoint[] = []
    for (let from = after; ; ) {
      const rows = await eventsAfter(db, from, 1000, { type: CHECKPOINT })
      const fitting = rows.map(checkpointOf).filter(one => isOwn(one) && one.size > after && one.size <= size)
      found.push(...fitting)
      from = rows.at(-1)?.seq ?? from
      if (rows.length < 1000) break
    }
    const step = Math.ceil(found.length / MOST)
    return found.filter((_, i) => (found.length - 1 - i) % Math.max(1, step) === 0)
  }

  async function create(who: Who): Promise<AuditCheckpoint> {
    const before = (await page(undefined, 100)).map(checkpointOf).find(isOwn)
    const checked = await verifyChain(db, before === undefined ? undefined : { seq: before.size, hash: before.head })
    if (!checked.ok) throw broken(checked.seq, checked.reason)
    const checkpoint = await signedAt((await chainHead(db)).seq)
    await db.withTransaction(who, async tx => {
      tx.append({ type: CHECKPOINT, subject: 'audit/checkpoint', data: { checkpoint } })
    })
    return checkpoint
  }

  async function createIfDue(seconds: number): Promise<boolean> {
    const [last] = await page(undefined, 1)
    const { seq } = await chainHead(db)
    const [since] = last === undefined ? await eventsAfter(db, 0, 1) : [last]
    if (since === undefined || last?.seq === seq) return false
    if (db.clock.now().getTime() - Date.parse(since.time) < seconds * 1000) return false
    await create({ workspace: 'default', actor: 'server' })
    return true
  }

  return { signedAt, create, createIfDue, page, own }
}

const broken = (seq: number, reason: string): HaganeError =>
  new HaganeError('conflict', `the chain is not signed, since event ${seq} does not hold: ${reason}`, {
    hint: 'see `hagane audit verify`; an export (`hagane audit export`) keeps what is there as evidence',
  })
