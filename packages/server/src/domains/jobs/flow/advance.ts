import { type JobStatus, terminalStatuses } from '@hagane/contract'
import type { Tx } from '../../../kernel/db/index.ts'
import type { JobNeeds } from '../model/needs.ts'
import { own } from '../model/own-property.ts'
import type { PipelinePlan, StoredOutput, SweepPlan } from '../model/plan.ts'
import { STEP_TASK } from '../model/step-task.ts'
import type { JobRow } from '../model/tables.ts'
import { type Advance, advance } from '../model/transitions.ts'
import { type ChildState, childrenInTx, childStates, jobForUpdate, moveJob } from '../records/store.ts'
import { decideSweep } from './sweep.ts'

type Needs = Pick<JobNeeds, 'tasks' | 'tracking' | 'running'>

const isEnded = (status: JobStatus): boolean => terminalStatuses.includes(status)

/**
 * Starts, cancels or finishes what a change in one of its steps calls for, in that change's own transaction. Each step is read
 * again before it is touched, since acting on one (an empty nested pipeline, say) may already have advanced this parent.
 */
export async function advanceParent(needs: Needs, tx: Tx, name: string): Promise<void> {
  const parent = await jobForUpdate(tx, name)
  if (isEnded(parent.status)) return
  const children = await childStates(tx, name)
  const decision = parent.type === 'sweep' ? decideSweepOf(tx, parent, children) : decidePipeline(parent, children)
  const cancel = new Set(decision.cancel)
  const start = new Set(decision.start)
  for (const child of children.filter(({ step }) => cancel.has(step ?? '')))
    await cancelInTx(needs, tx, await jobForUpdate(tx, child.name))
  for (const child of children.filter(({ step }) => start.has(step ?? '')))
    await startChild(needs, tx, await jobForUpdate(tx, child.name))
  if (decision.finish !== undefined) return finishParent(needs, tx, parent, decision.finish)
  // a step cancelled on the spot ends at once and nobody else will say so
  if (decision.cancel.length > 0) await advanceParent(needs, tx, name)
}

function decidePipeline(parent: JobRow, children: ChildState[]): Advance {
  const plan = JSON.parse(parent.plan) as PipelinePlan
  const nodes = Object.fromEntries(
    children.map(child => [
      child.step ?? child.name,
      { status: child.status, after: plan.nodes[child.step ?? '']?.after ?? [] },
    ]),
  )
  return advance(nodes, {
    continueOnStepFailure: plan.continueOnStepFailure,
    cancelRequested: parent.status === 'CancelRequested',
  })
}

function decideSweepOf(tx: Tx, parent: JobRow, children: ChildState[]): Advance {
  const plan = JSON.parse(parent.plan) as SweepPlan
  const expired =
    plan.timeout !== undefined &&
    parent.start_time !== null &&
    tx.now.getTime() > Date.parse(parent.start_time) + plan.timeout * 1000
  return decideSweep(children, {
    maxConcurrent: plan.maxConcurrent,
    stop: expired || parent.status === 'CancelRequested',
    cancelled: parent.status === 'CancelRequested',
  })
}

async function startChild(needs: Needs, tx: Tx, child: JobRow): Promise<void> {
  if (child.status !== 'NotStarted') return
  if (child.type === 'command') {
    await moveJob(tx, child, 'queue')
    await needs.tasks.enqueue(tx, {
      kind: STEP_TASK,
      subject: `job/${child.name}`,
      payload: { name: child.name },
      maxAttempts: 3,
    })
    return
  }
  await moveJob(tx, child, 'run', { start_time: tx.now.toISOString() })
  await needs.tracking.setRunStatus(tx, child.name, 'RUNNING')
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
  const outputs = how === 'complete' ? await outputsOf(needs, tx, parent, children) : {}
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
  if (parent.parent !== null) await advanceParent(needs, tx, parent.parent)
}

const detailsOf = (failed: JobRow): Record<string, unknown> => {
  const { message, ...rest } = JSON.parse(failed.error ?? '{}') as Record<string, unknown>
  return { ...rest, cause: message, failed_job: failed.name }
}

/** A pipeline's outputs are those its steps publish; a sweep's are its best trial's. */
async function outputsOf(
  needs: Needs,
  tx: Tx,
  parent: JobRow,
  children: JobRow[],
): Promise<Record<string, StoredOutput>> {
  if (parent.type === 'sweep') return bestTrial(needs, tx, parent, children)
  const outputs: Record<string, StoredOutput> = {}
  for (const child of children) {
    const plan = JSON.parse(child.plan) as PipelinePlan
    const made = JSON.parse(child.outputs) as Record<string, StoredOutput>
    for (const [name, output] of Object.entries(plan.outputs))
      if (output.publish !== undefined && made[name] !== undefined) outputs[output.publish] = made[name]
  }
  return outputs
}

async function bestTrial(
  needs: Needs,
  tx: Tx,
  parent: JobRow,
  children: JobRow[],
): Promise<Record<string, StoredOutput>> {
  const { objective } = JSON.parse(parent.plan) as SweepPlan
  const sign = objective.goal === 'minimize' ? 1 : -1
  let best: { child: JobRow; value: number } | undefined
  for (const child of children.filter(row => row.status === 'Completed')) {
    const value = own(await needs.tracking.latestMetrics(parent.workspace, child.name), objective.metric)
    // NaN compares as neither better nor worse and would stay where it came first
    if (value !== undefined && !Number.isNaN(value) && (best === undefined || sign * value < sign * best.value))
      best = { child, value }
  }
  if (best === undefined) return {}
  await needs.tracking.setTags(tx, parent.name, {
    best_child_run_id: best.child.name,
    [`best_${objective.metric}`]: String(best.value),
  })
  return JSON.parse(best.child.outputs) as Record<string, StoredOutput>
}
