import { HaganeError } from '@hagane/contract'
import type { Tx } from '../../../kernel/db/index.ts'
import type { JobNeeds } from '../model/needs.ts'
import type { CommandPlan } from '../model/plan.ts'
import type { JobRow } from '../model/tables.ts'
import { type Decision, keepDecisions } from '../records/decisions-store.ts'
import { completeReused, resultsFor, type Taken } from '../records/many-store.ts'
import { childInTx, jobInTx } from '../records/store.ts'
import { decisionOf, judgeKept } from './reuse.ts'
import { type JobLookup, resolveInputs } from './values.ts'

type Needs = Pick<JobNeeds, 'tracking' | 'memory' | 'blobs' | 'data' | 'reuseMaxAge'>
type Kept = ReturnType<typeof decisionOf>

interface Candidate {
  row: JobRow
  plan: CommandPlan
  decision: Kept
  lockDigest: string
}

/**
 * Ends those of the steps that are about to start whose results are there, if everything their keys need is known here and
 * now: the environment's lock from memory, inputs from this transaction. Answers the names of those that ended; the others
 * are queued, and looked up then.
 */
export async function reuseInTx(needs: Needs, tx: Tx, rows: readonly JobRow[]): Promise<ReadonlySet<string>> {
  const look = lookupIn(tx)
  const candidates: Candidate[] = []
  for (const row of rows) {
    const plan = JSON.parse(row.plan) as CommandPlan
    const lockDigest = plan.reusable && plan.deterministic ? needs.memory.lock(plan.environmentDigest) : undefined
    const decision = lockDigest === undefined ? undefined : await decide(needs, look, row, plan, lockDigest)
    if (decision !== undefined && lockDigest !== undefined) candidates.push({ row, plan, decision, lockDigest })
  }
  if (candidates.length === 0) return new Set()
  const results = await resultsFor(tx, [...new Set(candidates.map(({ decision }) => decision.key))])
  const stored = new Map<string, Promise<boolean>>()
  const taken: (Taken & { earlier: JobRow; decision: Decision })[] = []
  for (const { row, plan, decision, lockDigest } of candidates) {
    const { key } = decision
    const { take: earlier } = await judgeKept(needs, plan, results.get(key), tx.now, stored)
    if (earlier === undefined) continue
    const { change, facts } = reusedFrom(earlier, key, lockDigest, tx.now)
    const own = { ...decision, earlier: earlier.name }
    taken.push({ row, key, earlier, outputs: change.outputs, from: change.reused_from, facts, decision: own })
  }
  if (taken.length === 0) return new Set()
  await completeReused(tx, taken)
  await keepDecisions(tx, taken)
  await needs.tracking.takeRuns(tx, new Map(taken.map(({ row, earlier }) => [row.name, earlier.name])), 'FINISHED')
  return new Set(taken.map(({ row }) => row.name))
}

async function decide(
  needs: Needs,
  look: JobLookup,
  row: JobRow,
  plan: CommandPlan,
  lockDigest: string,
): Promise<Kept | undefined> {
  try {
    return decisionOf(plan, await resolveInputs(needs, row, plan, look), lockDigest)
  } catch (error) {
    // the step's own task tells what is wrong, or asks where this must not
    if (error instanceof HaganeError) return undefined
    throw error
  }
}

/** Jobs as this transaction sees them, parents remembered. What other domains would have to read is left for later. */
function lookupIn(tx: Tx): JobLookup {
  const parents = new Map<string, Promise<JobRow | undefined>>()
  return {
    async job(name) {
      const asked = parents.get(name) ?? jobInTx(tx, name)
      parents.set(name, asked)
      const row = await asked
      if (row === undefined) throw new HaganeError('not_found', `no job '${name}'`)
      return row
    },
    child: (parent, step) => childInTx(tx, parent, step),
    content: notNow,
    artifacts: notNow,
  }
}

const notNow = async (): Promise<never> => {
  throw new HaganeError('unavailable', 'not known inside a transaction')
}

/** What a step that takes an earlier result shows, and tells in its event. */
export function reusedFrom(earlier: JobRow, key: string, lockDigest: string, now: Date) {
  const from = earlier.reused_from ?? earlier.name
  return {
    change: { outputs: earlier.outputs, reuse_key: key, reused_from: from, start_time: now.toISOString() },
    facts: { reused_from: from, reuse_key: key, environment_lock: lockDigest, outputs: JSON.parse(earlier.outputs) },
  }
}
