import type { GitState } from '@hagane/contract'
import type { Who } from '../../../kernel/db/index.ts'
import type { JobNeeds } from '../model/needs.ts'
import type { CommandPlan, InputValue, PlannedJob, SweepPlan } from '../model/plan.ts'
import { stepTask } from '../model/step-task.ts'
import type { JobRow } from '../model/tables.ts'
import { jobsNamed, queueJobs } from '../records/many-store.ts'
import { insertJobs, jobForUpdate } from '../records/store.ts'
import type { Trial } from '../records/trial-reads.ts'
import { insertTrials, trialCount } from '../records/trial-store.ts'
import { optunaEnvironment } from '../sweep/optuna.ts'
import { pointAt } from '../sweep/points.ts'
import { type Point, type Sample, sampleAt } from '../sweep/space.ts'
import type { Suggestions, ToldTrial } from '../sweep/suggestions.ts'
import { recordSubmission, rowOf, runOf } from './submit.ts'

type Needs = JobNeeds & { suggestions: Suggestions }

/** The points of the next trials of a sweep; Bayesian ones depend on how the trials before have done. */
export async function nextPoints(
  needs: Needs,
  sweep: JobRow,
  plan: SweepPlan,
  trials: readonly Trial[],
  count: number,
  signal: AbortSignal,
): Promise<Point[]> {
  const { space, objective } = plan
  const sampling = { algorithm: plan.sampling.algorithm, seed: plan.sampling.seed ?? sweep.name }
  if (sampling.algorithm !== 'bayesian')
    return Array.from({ length: count }, (_, i) => pointAt(sampling, space, trials.length + i))
  const { prefix } = await needs.environments.ensureBuilt(sweep.workspace, optunaEnvironment, {
    signal,
    actor: sweep.created_by,
  })
  const request = { seed: sampling.seed, goal: objective.goal, space, trials: trials.map(told), count }
  return needs.suggestions.suggest(prefix, request)
}

/** A trial as the sampler hears of it. One that ended without a value tells nothing. */
function told({ point, status, value, stopped, intervals }: Trial): ToldTrial {
  const place = { point: JSON.parse(point) as Point, intervals }
  if (status !== 'Completed' && status !== 'Failed' && status !== 'Canceled') return { ...place, state: 'running' }
  if (value === null || status === 'Failed' || (status === 'Canceled' && stopped === null))
    return { ...place, state: 'fail' }
  return { ...place, state: status === 'Completed' ? 'complete' : 'pruned', value }
}

/**
 * Begins trials at these points: each is stored with its run and events and queued, all in one transaction. Does nothing when the
 * sweep is over or has got other trials meanwhile; whoever asks looks again.
 */
export async function createTrials(
  needs: Needs,
  who: Who,
  sweep: JobRow,
  plan: SweepPlan,
  first: number,
  points: readonly Point[],
): Promise<void> {
  await needs.db.withTransaction(who, async tx => {
    const current = await jobForUpdate(tx, sweep.name)
    if (current.status !== 'Running' || (await trialCount(tx, sweep.name)) !== first) return
    const planned = points.map((point, i) => plannedTrial(sweep, plan, first + i, sampleAt(plan.space, point)))
    const git = sweep.git === null ? undefined : (JSON.parse(sweep.git) as GitState)
    const around = {
      submission: { git },
      experiment: sweep.experiment_name,
      experimentId: sweep.experiment_id,
      tx,
      warnings: [],
    }
    const rows = planned.map(one => rowOf(one, sweep, { name: sweep.root }, around))
    await insertJobs(tx, rows)
    await insertTrials(
      tx,
      points.map((point, i) => trialRow(sweep, first + i, point)),
    )
    const stored = rows.map((row, i) => ({ row, planned: planned[i] as PlannedJob }))
    await needs.tracking.createRuns(
      tx,
      stored.map(one => runOf(tx, one, { git })),
    )
    for (const one of stored) recordSubmission(tx, one, { git })
    await queueJobs(
      tx,
      await jobsNamed(
        tx,
        rows.map(row => row.name),
      ),
    )
    await needs.tasks.enqueue(
      tx,
      rows.map(row => stepTask(row, needs.compute.queueOf(row.workspace, row.compute))),
    )
  })
}

const trialName = (sweep: Pick<JobRow, 'name'>, number: number): string => `${sweep.name}_${number}`

const trialRow = (sweep: JobRow, number: number, point: Point) => ({
  workspace: sweep.workspace,
  sweep: sweep.name,
  number,
  job: trialName(sweep, number),
  point: JSON.stringify(point),
  value: null,
  intervals: 0,
  judged: 0,
  stopped: null,
})

function plannedTrial(sweep: JobRow, { trial }: SweepPlan, number: number, sample: Sample): PlannedJob {
  const given: Record<string, InputValue> = Object.fromEntries(
    Object.entries(sample).map(([name, text]) => [name, { kind: 'literal', text }]),
  )
  const plan: CommandPlan = { ...trial.plan, inputs: { ...trial.plan.inputs, ...given }, search: sample }
  return {
    name: trialName(sweep, number),
    step: `trial_${number}`,
    displayName: `${trial.displayName}_${number}`,
    ...(trial.compute === undefined ? {} : { compute: trial.compute }),
    tags: {},
    properties: {},
    spec: { ...trial.spec, search: sample },
    plan,
    params: { ...trial.params, ...sample },
    children: [],
  }
}
