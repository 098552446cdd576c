import type { Tx, Who } from '../../../kernel/db/index.ts'
import type { JobNeeds } from '../model/needs.ts'
import type { StoredOutput, SweepPlan } from '../model/plan.ts'
import type { JobRow } from '../model/tables.ts'
import { findJob } from '../records/reads.ts'
import { jobForUpdate, moveJob } from '../records/store.ts'
import type { Trial } from '../records/trial-reads.ts'
import { bestTrial } from '../sweep/decide-sweep.ts'
import { type Point, sampleAt } from '../sweep/space.ts'
import { advanceParent } from './advance.ts'
import { registerOutputs, storeOutputs } from './finish.ts'

export interface SweepEnd {
  how: 'complete' | 'fail' | 'cancel'
  /** Why it ended so, where its trials do not say it. */
  message?: string
}

const runStatus = { complete: 'FINISHED', fail: 'FAILED', cancel: 'KILLED' } as const

/**
 * Ends a sweep: its best trial is named on its run, and the outputs of the best trial that completed become its own, written to their
 * datastore and registered where they have a name. A sweep that was canceled or ran out of time keeps what it had found.
 */
export async function finishSweep(
  needs: JobNeeds,
  who: Who,
  sweep: JobRow,
  plan: SweepPlan,
  trials: readonly Trial[],
  { how, message }: SweepEnd,
): Promise<void> {
  const { goal } = plan.objective
  const best = bestTrial(goal, trials)
  const outputs = await outputsOf(needs, sweep, plan, best, trials)
  const warnings = await warningsOf(needs, sweep, plan, trials)
  await needs.db.withTransaction(who, async tx => {
    const row = await jobForUpdate(tx, sweep.name)
    if (row.status !== 'Running' && row.status !== 'CancelRequested') return
    if (best !== undefined) await nameBest(needs, tx, row, plan, best, trials.length)
    if (how === 'complete') await registerOutputs(needs, tx, row, plan, outputs)
    const error = how === 'complete' ? undefined : { message: message ?? (await failureOf(needs, row, trials)) }
    await moveJob(
      tx,
      row,
      how,
      {
        outputs: JSON.stringify(outputs),
        end_time: tx.now.toISOString(),
        ...(error === undefined ? {} : { error: JSON.stringify(error) }),
        ...(warnings.length === 0 ? {} : { properties: withWarnings(row, warnings) }),
      },
      {
        outputs,
        trials: trials.length,
        ...(best === undefined ? {} : { best: best.job, value: best.value }),
        ...error,
      },
    )
    await needs.tracking.setRunStatus(tx, row.name, runStatus[how], tx.now.getTime())
    if (row.parent !== null) await advanceParent(needs, tx, row.parent)
  })
}

/** Azure ML's tag for the best trial, its value under the primary metric's own name, and its values as MLflow's autologging names them. */
async function nameBest(
  needs: JobNeeds,
  tx: Tx,
  sweep: JobRow,
  plan: SweepPlan,
  best: Trial,
  ended: number,
): Promise<void> {
  const sample = sampleAt(plan.space, JSON.parse(best.point) as Point)
  await needs.tracking.setTags(tx, sweep.name, { best_child_run_id: best.job })
  await needs.tracking.logParams(
    tx,
    sweep.name,
    Object.fromEntries(Object.entries(sample).map(([name, value]) => [`best_${name}`, value])),
  )
  await noteBest(needs, tx, sweep, plan, best, ended)
}

/** Logs the best value so far on the sweep's own run; the step is how many trials had ended. */
export const noteBest = (
  needs: Pick<JobNeeds, 'tracking'>,
  tx: Tx,
  sweep: JobRow,
  { objective }: SweepPlan,
  { value }: Trial,
  ended: number,
): Promise<void> =>
  needs.tracking.logMetrics(tx, sweep.name, [
    { key: objective.metric, value: value ?? Number.NaN, timestamp: tx.now.getTime(), step: ended },
  ])

async function outputsOf(
  needs: JobNeeds,
  sweep: JobRow,
  plan: SweepPlan,
  best: Trial | undefined,
  trials: readonly Trial[],
): Promise<Record<string, StoredOutput>> {
  // a trial that was stopped early left nothing behind
  const from =
    best?.status === 'Completed'
      ? best
      : bestTrial(
          plan.objective.goal,
          trials.filter(({ status }) => status === 'Completed'),
        )
  const row = from === undefined ? undefined : await findJob(needs.db, sweep.workspace, from.job)
  if (row === undefined) return {}
  const made = Object.entries(JSON.parse(row.outputs) as Record<string, StoredOutput>)
  const outputs = made.map(([name, { tree, path }]) => [name, { digest: tree, path, size: 0, fileCount: 0 }])
  return storeOutputs(needs, sweep, plan, { outputs: Object.fromEntries(outputs) })
}

/** That a metric was never logged is nearly always a slip of the name, so the names that were logged are told. */
async function warningsOf(
  needs: JobNeeds,
  { workspace }: JobRow,
  { objective }: SweepPlan,
  trials: readonly Trial[],
): Promise<string[]> {
  const silent = trials.filter(({ status, value }) => status === 'Completed' && value === null)
  const [first] = silent
  if (first === undefined) return []
  const names = Object.keys(await needs.tracking.latestMetrics(workspace, first.job))
  const whose =
    silent.length === trials.length
      ? 'no trial logged'
      : `${silent.length} of ${trials.length} trials completed without logging`
  return [
    `${whose} the primary metric '${objective.metric}', so ${silent.length === trials.length ? 'there is no best trial' : 'they cannot be the best'}; ${first.job} logged ${names.length === 0 ? 'no metric' : names.slice(0, 20).join(', ')}`,
  ]
}

function withWarnings(row: JobRow, warnings: readonly string[]): string {
  const properties = JSON.parse(row.properties) as Record<string, string>
  const before = properties['hagane.warnings']
  return JSON.stringify({
    ...properties,
    'hagane.warnings': [...(before === undefined ? [] : [before]), ...warnings].join('\n'),
  })
}

async function failureOf(needs: JobNeeds, row: JobRow, trials: readonly Trial[]): Promise<string> {
  const failed = trials.find(({ status }) => status === 'Failed')
  if (failed === undefined) return 'canceled'
  const trial = await findJob(needs.db, row.workspace, failed.job)
  const { message } = JSON.parse(trial?.error ?? '{}') as { message?: string }
  const count = trials.filter(({ status }) => status === 'Failed').length
  return `no trial completed, ${count} failed; the first, ${failed.job}: ${message ?? 'for a reason that was not told'}`
}
