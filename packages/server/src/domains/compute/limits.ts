import type { Database } from '../../kernel/db/index.ts'
import type { QueueLimit } from '../../kernel/tasks/index.ts'
import { allCompute } from './reads.ts'
import { limitOf } from './resource.ts'

/** Another server on the same database may change a limit: this is how late it is noticed. */
const HOLDS_MS = 2000

export interface Limits {
  /** By queue: `<workspace>/<compute>`. */
  byQueue(): Promise<ReadonlyMap<string, QueueLimit>>
  /** They were changed here. */
  forget(): void
}

/** The limits of all computes, kept in memory because they are asked for before each step. */
export function buildLimits(db: Database): Limits {
  let known: { until: number; limits: Promise<ReadonlyMap<string, QueueLimit>> } | undefined
  const read = async (): Promise<ReadonlyMap<string, QueueLimit>> =>
    new Map(
      (await allCompute(db)).flatMap(row => {
        const limit = limitOf(row)
        return limit === undefined ? [] : [[queueOf(row.workspace, row.name), limit] as const]
      }),
    )
  return {
    byQueue() {
      const now = performance.now()
      if (known === undefined || known.until < now) {
        const limits = read()
        known = { until: now + HOLDS_MS, limits }
        // who asked hears of the failure; the next one asks again
        limits.catch(() => {
          known = undefined
        })
      }
      return known.limits
    },
    forget() {
      known = undefined
    },
  }
}

/** The queue of a compute, as its steps name it. */
export const queueOf = (workspace: string, compute: string | null): string =>
  `${workspace}/${(compute ?? 'local').replace(/^azureml:/, '')}`
