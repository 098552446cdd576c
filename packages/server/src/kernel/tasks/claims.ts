import type { Database } from '../db/index.ts'
import { chooseNext, type Head, type QueueLimit } from './choose.ts'
import { anyWaiting, headsOf, runningLoads } from './reads.ts'
import { type Claimed, claim, lockChoice } from './store.ts'
import type { TaskHandler } from './task.ts'

const UNLIMITED = { cores: Infinity, memoryMb: Infinity }
const NO_LIMITS: ReadonlyMap<string, QueueLimit> = new Map()

export interface Claims {
  /** Chooses and takes the next task of a kind; undefined when none waits or none may start. */
  next(kind: string, handler: TaskHandler): Promise<Claimed | undefined>
}

/** Takes tasks for one server. What it remembers between claims only decides who is next; a restart forgets it without harm. */
export function buildClaims(db: Database, owner: string): Claims {
  const served = new Map<string, number>()
  /** By kind: which heads found the machine full, and since when. */
  const blockedOf = new Map<string, ReadonlyMap<string, number>>()
  let turn = 0
  const remember = (kind: string, full: readonly string[], taken: Head | undefined, now: number): void => {
    if (taken !== undefined) served.set(taken.share, ++turn)
    const before = blockedOf.get(kind)
    blockedOf.set(kind, new Map(full.map(id => [id, before?.get(id) ?? now])))
  }
  return {
    async next(kind, handler) {
      if (!(await anyWaiting(db, kind))) return undefined
      const limits = (await handler.limits?.()) ?? NO_LIMITS
      const machine = handler.machine ?? UNLIMITED
      return db.relaxed(async on => {
        await lockChoice({ db: on, dialect: db.dialect }, kind)
        const now = db.clock.now().getTime()
        const blocked = blockedOf.get(kind) ?? new Map<string, number>()
        const [heads, running] = [await headsOf(on, kind), await runningLoads(on, kind, owner)]
        const { take, full } = chooseNext({ heads, running, machine, limits, served, blocked, now })
        remember(kind, full, take, now)
        return take === undefined ? undefined : claim(on, take.id, owner, now)
      })
    },
  }
}
