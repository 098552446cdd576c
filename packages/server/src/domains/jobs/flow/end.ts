import { rm } from 'node:fs/promises'
import type { FailureCause } from '@hagane/contract'
import type { Tx, Who } from '../../../kernel/db/index.ts'
import type { StepExit } from '../../compute/index.ts'
import type { JobNeeds } from '../model/needs.ts'
import type { JobRow } from '../model/tables.ts'
import type { JobEvent } from '../model/transitions.ts'
import { type Decision, keepDecisions } from '../records/decisions-store.ts'
import { type JobChange, jobForUpdate, moveJobThrough } from '../records/store.ts'
import { advanceParent } from './advance.ts'
import type { Failure } from './failure-cause.ts'
import { reusedFrom } from './reuse-in-tx.ts'
import { resumeFolderOf } from './step-work.ts'

interface End {
  event: JobEvent
  run: 'FINISHED' | 'FAILED' | 'KILLED'
  change?: JobChange
  facts?: Record<string, unknown>
  /** Durable unless a restart would come to the same end by itself. */
  durability?: 'relaxed'
  /** Of the process, when there was one: statuses that went by too quickly to be written down are made up for. */
  exit?: StepExit
  /** Written in the same transaction, before the move; may add to the change. */
  also?: (tx: Tx, row: JobRow) => Promise<JobChange>
}

/** The last act of every step: its status, its run, its token and what its parent does next, in one transaction. */
export async function end(needs: JobNeeds, who: Who, name: string, how: End): Promise<void> {
  let mayResume = false
  const work = async (tx: Tx): Promise<void> => {
    const row = await jobForUpdate(tx, name)
    mayResume = row.plan.includes('"retry":')
    if (['Completed', 'Failed', 'Canceled'].includes(row.status)) return
    const { event, run, change, facts = {}, also, exit } = how
    const more = await also?.(tx, row)
    const passed = exit === undefined ? [] : passedBy(row, event)
    const started = passed.includes('run') ? { start_time: exit?.startedAt ?? null } : {}
    // asked to stop for a reason, that is why it ended; one that got to its end all the same has none
    const error = row.error === null ? {} : { error: event === 'cancel' ? row.error : null }
    const usage = exit?.usage === undefined ? {} : { usage: exit.usage }
    const steps = [...passed.map(each => ({ event: each })), { event, facts: { ...facts, ...usage } }]
    await moveJobThrough(tx, row, steps, {
      ...started,
      ...(exit?.usage === undefined ? {} : { usage: JSON.stringify(exit.usage) }),
      ...error,
      ...change,
      ...more,
      end_time: tx.now.toISOString(),
    })
    await needs.tracking.setRunStatus(tx, name, run, tx.now.getTime())
    await needs.tokens.withdraw(tx, `job:${name}`)
    if (row.parent !== null)
      await advanceParent(needs, tx, row.parent, event === 'complete' ? (row.step ?? undefined) : undefined)
  }
  await needs.db.withTransaction(who, work, how.durability)
  if (!mayResume) return
  await rm(resumeFolderOf(needs.dataDir, { workspace: who.workspace, name }), { recursive: true, force: true })
}

/** What a step that has run goes through before its end. */
export function passedBy({ status }: JobRow, end: JobEvent): JobEvent[] {
  const run: JobEvent[] = status === 'Starting' ? ['run'] : []
  return end === 'complete' && (status === 'Starting' || status === 'Running') ? [...run, 'finalize'] : run
}

export async function finishFailed(
  needs: JobNeeds,
  who: Who,
  name: string,
  { message, ...why }: Failure,
  more: Record<string, unknown> = {},
  exit?: StepExit,
): Promise<void> {
  await end(needs, who, name, {
    ...(exit === undefined ? {} : { exit }),
    event: 'fail',
    run: 'FAILED',
    change: { error: JSON.stringify({ message, ...why, ...more }) },
    facts: { error: message, ...why, ...more },
  })
}

export async function finishCanceled(
  needs: JobNeeds,
  who: Who,
  name: string,
  message: string,
  exit?: StepExit,
  cause?: FailureCause,
): Promise<void> {
  const why = cause === undefined ? { message } : { message, cause }
  await end(needs, who, name, {
    ...(exit === undefined ? {} : { exit }),
    event: 'cancel',
    run: 'KILLED',
    facts: why,
    also: async (_tx, row) => (row.error === null ? { error: JSON.stringify(why) } : {}),
  })
}

/** Takes the results of an earlier identical step: outputs, metrics, parameters and artifacts. */
export async function finishReused(
  needs: JobNeeds,
  who: Who,
  name: string,
  earlier: JobRow,
  { lockDigest, decision }: { lockDigest: string; decision: Decision },
): Promise<void> {
  const { change, facts } = reusedFrom(earlier, decision.key, lockDigest, needs.clock.now())
  await end(needs, who, name, {
    event: 'complete',
    run: 'FINISHED',
    durability: 'relaxed',
    change,
    facts,
    async also(tx, row) {
      await needs.tracking.copyRun(tx, earlier.name, row.name)
      await keepDecisions(tx, [{ row, decision: { ...decision, earlier: earlier.name } }])
      return {}
    },
  })
}
