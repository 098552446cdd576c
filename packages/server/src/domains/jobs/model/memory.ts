import type { PipelinePlan, Plan } from './plan.ts'
import type { JobRow } from './tables.ts'

/** The order of a pipeline's steps, both ways. */
export interface StepOrder {
  before(step: string): readonly string[]
  after(step: string): readonly string[]
}

/** What a server remembers of jobs to be quick. It may be forgotten at any time: everything in it is read or asked again. */
export interface JobMemory {
  /** The parsed plan of a pipeline or sweep; plans never change. */
  plan(row: Pick<JobRow, 'workspace' | 'name' | 'plan'>): Plan
  order(row: Pick<JobRow, 'workspace' | 'name' | 'plan'>): StepOrder
  noteLock(environmentDigest: string, lockDigest: string | undefined): void
  /** The lock of an environment's definition, if it was asked for a moment ago. */
  lock(environmentDigest: string): string | undefined
}

const PLANS = 64
const LOCKS = 1000
/** Another server may lock an environment anew. */
const LOCK_HOLDS_MS = 10_000

export function buildJobMemory(now: () => number): JobMemory {
  const plans = new Map<string, { plan: Plan; order?: StepOrder }>()
  const locks = new Map<string, { digest: string; until: number }>()
  const entryOf = (row: Pick<JobRow, 'workspace' | 'name' | 'plan'>) => {
    const key = `${row.workspace}/${row.name}`
    const entry = plans.get(key) ?? { plan: JSON.parse(row.plan) as Plan }
    plans.delete(key)
    return keep(plans, key, entry, PLANS)
  }
  return {
    plan: row => entryOf(row).plan,
    order(row) {
      const entry = entryOf(row)
      entry.order ??= orderOf((entry.plan as PipelinePlan).nodes)
      return entry.order
    },
    noteLock(environment, digest) {
      if (digest === undefined) locks.delete(environment)
      else keep(locks, environment, { digest, until: now() + LOCK_HOLDS_MS }, LOCKS)
    },
    lock(environment) {
      const known = locks.get(environment)
      return known !== undefined && known.until > now() ? known.digest : undefined
    },
  }
}

/** The oldest entry makes room for a new one. */
function keep<V>(map: Map<string, V>, key: string, value: V, most: number): V {
  map.set(key, value)
  if (map.size > most) map.delete(map.keys().next().value as string)
  return value
}

function orderOf(nodes: PipelinePlan['nodes']): StepOrder {
  const before = new Map(Object.entries(nodes).map(([step, node]) => [step, node.after]))
  const after = new Map<string, string[]>()
  for (const [step, earlier] of before) for (const key of earlier) after.set(key, [...(after.get(key) ?? []), step])
  return { before: step => before.get(step) ?? [], after: step => after.get(step) ?? [] }
}
