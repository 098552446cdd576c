import { setImmediate as nextTurn } from 'node:timers/promises'
import { type JobStatus, terminalStatuses } from '@hagane/contract'
import type { Tx } from '../../../kernel/db/index.ts'
import type { JobNeeds } from '../model/needs.ts'
import type { PipelinePlan, StoredOutput } from '../model/plan.ts'
import { ADVANCE_TASK, SWEEP_TASK, stepTask } from '../model/step-task.ts'
import type { JobRow } from '../model/tables.ts'
import { type Advance, advance, isStoppable } from '../model/transitions.ts'
import { jobsNamed, queueJobs } from '../records/many-store.ts'
import {
  type ChildState,
  childCounts,
  childrenInTx,
  childStates,
  childStatesOf,
  jobForUpdate,
  moveJob,
} from '../records/store.ts'
import { guardsOf, skipInTx } from './conditions.ts'
import { reuseInTx } from './reuse-in-tx.ts'

type Needs = Pick<JobNeeds, 'tasks' | 'tracking' | 'running' | 'sweeps' | 'memory' | 'blobs' | 'data' | 'compute'>

/** So many steps are started in one transaction; others get their turn in between. */
const STEPS_AT_ONCE = 250

const isEnded = (status: JobStatus): boolean => terminalStatuses.includes(status)
const keyOf = (child: Pick<ChildState, 'name' | 'step'>): string => child.step ?? child.name

/**
 * Starts, cancels or finishes what a change in one of its steps calls for, in that change's own transaction. `completed` names
 * the step that did, when that is the whole change: then only what depends on it is looked at.
 */
export async function advanceParent(needs: Needs, tx: Tx, name: string, completed?: string): Promise<void> {
  const parent = await jobForUpdate(tx, name)
  if (isEnded(parent.status)) return
  if (parent.type === 'sweep') return tendSweep(needs, tx, parent)
  if (completed !== undefined && (await advanceAfter(needs, tx, parent, completed))) return
  await advanceAll(needs, tx, name)
}

/** The common case, whose cost does not grow with the number of steps. False when the whole picture is needed. */
async function advanceAfter(needs: Needs, tx: Tx, parent: JobRow, completed: string): Promise<boolean> {
  if (parent.status !== 'Running' || isConditional(needs, parent)) return false
  const { Failed, Canceled, CancelRequested, Completed = 0, ...open } = await childCounts(tx, parent.name)
  if (Failed !== undefined || Canceled !== undefined || CancelRequested !== undefined) return false
  const order = needs.memory.order(parent)
  const next = order.after(completed)
  if (next.length === 0) {
    if (Object.keys(open).length === 0) await finishParent(needs, tx, parent, 'complete')
    return true
  }
  const near = await childStatesOf(tx, parent.name, [...new Set(next.flatMap(step => [step, ...order.before(step)]))])
  const statuses = new Map(near.map(child => [keyOf(child), child.status]))
  const ready = near.filter(
    child =>
      child.status === 'NotStarted' &&
      next.includes(keyOf(child)) &&
      order.before(keyOf(child)).every(step => statuses.get(step) === 'Completed'),
  )
  return !(await startAll(needs, tx, parent, ready, near))
}

async function advanceAll(needs: Needs, tx: Tx, name: string): Promise<void> {
  for (;;) {
    // read again in each round, since acting on a step (an empty nested pipeline, say) may already have advanced this parent
    const parent = await jobForUpdate(tx, name)
    if (isEnded(parent.status)) return
    const children = await childStates(tx, name)
    const decision = await decidePipeline(needs, tx, parent, children)
    const [cancel, start] = [new Set(decision.cancel), new Set(decision.start)]
    for (const child of children.filter(child => cancel.has(keyOf(child))))
      await cancelInTx(needs, tx, await jobForUpdate(tx, child.name))
    const skip = new Set(decision.skip)
    for (const child of children.filter(child => skip.has(keyOf(child))))
      await skipInTx(needs, tx, await jobForUpdate(tx, child.name))
    const ready = children.filter(child => start.has(keyOf(child)))
    const endedAtOnce = await startAll(needs, tx, parent, ready, children)
    if (decision.finish !== undefined) return finishParent(needs, tx, parent, decision.finish)
    // a step cancelled or reused on the spot ends at once and nobody else will say so
    if (decision.cancel.length === 0 && skip.size === 0 && !endedAtOnce) return
  }
}

const isConditional = (needs: Needs, parent: JobRow): boolean =>
  (needs.memory.plan(parent) as PipelinePlan).conditional === true

async function decidePipeline(needs: Needs, tx: Tx, parent: JobRow, children: ChildState[]): Promise<Advance> {
  const plan = needs.memory.plan(parent) as PipelinePlan
  const guards = await guardsOf(tx, parent, plan)
  const nodes = Object.fromEntries(
    children.map(child => [
      keyOf(child),
      { status: child.status, after: plan.nodes[keyOf(child)]?.after ?? [], guard: guards[keyOf(child)] ?? 'run' },
    ]),
  )
  return advance(nodes, {
    continueOnStepFailure: plan.continueOnStepFailure,
    cancelRequested: parent.status === 'CancelRequested',
  })
}

/** What a sweep does next is its driver's; to stop its trials waits for nobody. */
async function tendSweep(needs: Needs, tx: Tx, sweep: JobRow): Promise<void> {
  tx.afterCommit(() => needs.sweeps.wake(sweep.workspace, sweep.name))
  if (sweep.status !== 'CancelRequested') return
  for (const trial of (await childStates(tx, sweep.name)).filter(({ status }) => isStoppable(status)))
    await cancelInTx(needs, tx, await jobForUpdate(tx, trial.name))
}

/** Gives a sweep that has begun its driver, for as long as it runs. */
export const driveSweep = (needs: Pick<Needs, 'tasks'>, tx: Tx, sweep: Pick<JobRow, 'name'>): Promise<void> =>
  needs.tasks.enqueue(tx, {
    kind: SWEEP_TASK,
    subject: `job/${sweep.name}`,
    payload: { name: sweep.name },
    maxAttempts: 10,
  })

/**
 * Starts steps that are ready: commands whose results are known end at once and make those after them ready, others are
 * queued. True when some ended or a nested job was begun, so that the parent has to be looked at again.
 */
async function startAll(
  needs: Needs,
  tx: Tx,
  parent: JobRow,
  ready: readonly ChildState[],
  near: readonly ChildState[],
): Promise<boolean> {
  const statuses = new Map(near.map(child => [keyOf(child), child.status]))
  let endedAtOnce = false
  let started = 0
  for (let wave = ready; wave.length > 0; wave = readyAfter(needs, parent, wave, near, statuses)) {
    if (started + wave.length > STEPS_AT_ONCE && started > 0) return laterOn(needs, tx, parent)
    const now = wave.slice(0, STEPS_AT_ONCE)
    started += now.length
    const rows = (
      await jobsNamed(
        tx,
        now.map(child => child.name),
      )
    ).filter(row => row.status === 'NotStarted')
    for (const row of rows.filter(({ type }) => type !== 'command')) {
      await runNested(needs, tx, row)
      endedAtOnce = true
    }
    const commands = rows.filter(row => row.type === 'command')
    const reused = await reuseInTx(needs, tx, commands)
    if (reused.size > 0) endedAtOnce = true
    for (const row of commands) statuses.set(keyOf(row), reused.has(row.name) ? 'Completed' : 'Queued')
    await queueAll(
      needs,
      tx,
      commands.filter(row => !reused.has(row.name)),
    )
    if (now.length < wave.length) return laterOn(needs, tx, parent)
    await nextTurn()
  }
  return endedAtOnce
}

/** Those among the near steps that the end of others has made ready. */
function readyAfter(
  needs: Needs,
  parent: JobRow,
  ended: readonly ChildState[],
  near: readonly ChildState[],
  statuses: ReadonlyMap<string, JobStatus>,
): ChildState[] {
  if (isConditional(needs, parent)) return []
  const order = needs.memory.order(parent)
  const next = new Set(
    ended.flatMap(child => (statuses.get(keyOf(child)) === 'Completed' ? order.after(keyOf(child)) : [])),
  )
  return near.filter(
    child =>
      next.has(keyOf(child)) &&
      statuses.get(keyOf(child)) === 'NotStarted' &&
      order.before(keyOf(child)).every(step => statuses.get(step) === 'Completed'),
  )
}

async function queueAll(needs: Needs, tx: Tx, rows: readonly JobRow[]): Promise<void> {
  if (rows.length === 0) return
  await queueJobs(tx, rows)
  await needs.tasks.enqueue(
    tx,
    rows.map(row => stepTask(row, needs.compute.queueOf(row.workspace, row.compute))),
  )
}

/** The rest is for another transaction, so that others get a turn. */
async function laterOn(needs: Needs, tx: Tx, { name }: JobRow): Promise<false> {
  await needs.tasks.enqueue(tx, { kind: ADVANCE_TASK, subject: `job/${name}`, payload: { name }, maxAttempts: 5 })
  return false
}

async function runNested(needs: Needs, tx: Tx, child: JobRow): Promise<void> {
  await moveJob(tx, child, 'run', { start_time: tx.now.toISOString() })
  await needs.tracking.setRunStatus(tx, child.name, 'RUNNING')
  if (child.type === 'sweep') return driveSweep(needs, tx, child)
  await advanceParent(needs, tx, child.name)
}

/** Cancels a job in a transaction: at once what has not started, by request what runs. */
export async function cancelInTx(needs: Needs, tx: Tx, row: JobRow): Promise<void> {
  if (isEnded(row.status) || row.status === 'CancelRequested' || row.status === 'Finalizing') return
  if (row.type !== 'command' && row.status !== 'NotStarted') {
    await moveJob(tx, row, 'request-cancel')
    return advanceParent(needs, tx, row.name)
  }
  const moved = await moveJob(
    tx,
    row,
    'request-cancel',
    row.status === 'NotStarted' || row.status === 'Queued' ? { end_time: tx.now.toISOString() } : {},
  )
  if (moved.status === 'Canceled') {
    await needs.tracking.setRunStatus(tx, row.name, 'KILLED', tx.now.getTime())
    for (const child of row.type === 'command' ? [] : await childrenInTx(tx, row.name))
      await cancelInTx(needs, tx, child)
  }
  tx.afterCommit(() => needs.running.requestStop(row.workspace, row.name))
}

async function finishParent(needs: Needs, tx: Tx, parent: JobRow, how: 'complete' | 'fail' | 'cancel'): Promise<void> {
  const children = await childrenInTx(tx, parent.name)
  const outputs = how === 'complete' ? publishedOutputs(children) : {}
  const failed = children.find(child => child.status === 'Failed')
  const error =
    how === 'fail' && failed !== undefined
      ? { message: `step ${failed.step ?? failed.name} failed`, ...detailsOf(failed) }
      : null
  const event = how === 'cancel' || (parent.status === 'CancelRequested' && how !== 'complete') ? 'cancel' : how
  await moveJob(
    tx,
    parent,
    event,
    {
      outputs: JSON.stringify(outputs),
      end_time: tx.now.toISOString(),
      ...(error === null ? {} : { error: JSON.stringify(error) }),
    },
    { outputs },
  )
  await needs.tracking.setRunStatus(
    tx,
    parent.name,
    event === 'complete' ? 'FINISHED' : event === 'fail' ? 'FAILED' : 'KILLED',
    tx.now.getTime(),
  )
  if (parent.parent !== null)
    await advanceParent(needs, tx, parent.parent, event === 'complete' ? (parent.step ?? undefined) : undefined)
}

const detailsOf = (failed: JobRow): Record<string, unknown> => {
  const { message, ...rest } = JSON.parse(failed.error ?? '{}') as Record<string, unknown>
  return { ...rest, cause: message, failed_job: failed.name }
}

/** A pipeline's outputs are those its steps publish. */
function publishedOutputs(children: JobRow[]): Record<string, StoredOutput> {
  const outputs: Record<string, StoredOutput> = {}
  // plans are large and most publish nothing
  for (const child of children.filter(({ plan }) => plan.includes('"publish"'))) {
    const plan = JSON.parse(child.plan) as PipelinePlan
    const made = JSON.parse(child.outputs) as Record<string, StoredOutput>
    for (const [name, output] of Object.entries(plan.outputs))
      if (output.publish !== undefined && made[name] !== undefined) outputs[output.publish] = made[name]
  }
  return outputs
}
