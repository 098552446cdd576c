import type { SweepState, SweepTrial } from '@hagane/contract'
import type { SweepPlan } from '../model/plan.ts'
import type { Trial } from '../records/trial-reads.ts'
import { bestTrial } from './decide-sweep.ts'
import { gridSize } from './points.ts'
import { type Point, sampleAt } from './space.ts'

/** How many trials a sweep can have: its limit, or fewer where the grid has fewer combinations. */
export const mostTrials = ({ sampling, space, maxTotal }: SweepPlan): number =>
  sampling.algorithm === 'grid' ? Math.min(maxTotal, gridSize(space)) : maxTotal

/** A trial as the API shows it. */
export const trialResource = (
  { space }: SweepPlan,
  { number, job, status, point, value, intervals, stopped }: Trial,
): SweepTrial => ({
  name: job,
  number,
  status,
  parameters: sampleAt(space, JSON.parse(point) as Point),
  ...(value === null ? {} : { value }),
  intervals,
  ...(stopped === null ? {} : { stopped }),
})

/** A sweep's counts and its best trial. */
export function sweepResource(plan: SweepPlan, trials: readonly Trial[]): SweepState {
  const { goal, metric } = plan.objective
  const best = bestTrial(goal, trials)
  const counts = { running: 0, completed: 0, stopped: 0, failed: 0, canceled: 0 }
  for (const trial of trials) counts[fateOf(trial)]++
  return {
    goal,
    primary_metric: metric,
    trials: { total: trials.length, most: mostTrials(plan), ...counts },
    ...(best === undefined ? {} : { best: trialResource(plan, best) }),
  }
}

function fateOf({ status, stopped }: Trial): 'running' | 'completed' | 'stopped' | 'failed' | 'canceled' {
  if (status === 'Completed') return 'completed'
  if (status === 'Failed') return 'failed'
  if (status === 'Canceled') return stopped === null ? 'canceled' : 'stopped'
  return 'running'
}
