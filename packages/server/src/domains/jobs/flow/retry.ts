import { HaganeError } from '@hagane/contract'
import type { Who } from '../../../kernel/db/index.ts'
import { TryLater } from '../../../kernel/tasks/index.ts'
import type { JobNeeds } from '../model/needs.ts'
import type { CommandPlan } from '../model/plan.ts'
import type { JobRow } from '../model/tables.ts'
import { move } from '../model/transitions.ts'
import { mostTries, type Try, type TryEnd, triesOf, waitBefore } from '../model/tries.ts'
import { jobForUpdate, moveJob } from '../records/store.ts'
import type { Failure } from './failure-cause.ts'

/** What kept a step from its command: it has not begun, so that nothing runs twice when it is tried again. */
export class NotBegun extends Error {
  readonly reason: Error

  constructor(reason: Error) {
    super(reason.message, { cause: reason })
    this.reason = reason
  }
}

/** The result of work that is done before a command begins. */
export async function beforeCommand<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw new NotBegun(error as Error)
  }
}

/** Whether it may be otherwise in a while: the index did not answer, the disk was full, no process could be started. */
export const isPassing = (failure: Failure, { reason }: NotBegun): boolean =>
  failure.cause === 'package_index' ||
  failure.cause === 'out_of_disk' ||
  (reason instanceof HaganeError && reason.kind === 'unavailable')

/**
 * Puts a step that did not stand back into its queue, where its author or the reason allows it: throws TryLater then, which
 * gives the place free until it is due. Returns when the step has to end as it is.
 */
export async function tryAgainLater(
  needs: JobNeeds,
  who: Who,
  name: string,
  end: TryEnd,
  failure: Failure & { exit_code?: number },
): Promise<void> {
  const next = await needs.db.withTransaction(who, async tx => {
    const row = await jobForUpdate(tx, name)
    const { retry } = JSON.parse(row.plan) as CommandPlan
    const before = triesOf(row)
    const wait = waitBefore(retry, end, before.length)
    if (wait === undefined || 'refused' in move(row.status, 'retry')) return undefined
    const [at, next] = [tx.now, new Date(tx.now.getTime() + wait * 1000)]
    const times = { end_time: at.toISOString(), next_time: next.toISOString() }
    const tried: Try = { attempt: row.attempts, ...failure, of: mostTries(retry), ...times }
    const facts = { retry: { ...tried, try: before.length + 2 } }
    await moveJob(tx, row, 'retry', { tries: JSON.stringify([...before, tried]), start_time: null }, facts)
    await needs.tokens.withdraw(tx, `job:${name}`)
    return next
  })
  if (next !== undefined) throw new TryLater(next)
}

/** A server that was killed between writing down that a step waits and letting go of its task finds it too early. */
export function refuseEarly(row: JobRow, now: Date): void {
  const due = row.status === 'Queued' ? triesOf(row).at(-1)?.next_time : undefined
  if (due !== undefined && Date.parse(due) > now.getTime()) throw new TryLater(new Date(due))
}
