import type { Tx, Who } from '../../../kernel/db/index.ts'
import type { JobNeeds } from '../model/needs.ts'
import type { SweepPlan } from '../model/plan.ts'
import type { JobRow } from '../model/tables.ts'
import { jobForUpdate, moveJob } from '../records/store.ts'
import type { Trial } from '../records/trial-reads.ts'
import { keepProgress, markJudged } from '../records/trial-store.ts'
import { bestOf, intervalsDue, type TrialHistory, verdict } from '../sweep/early-termination.ts'

/** What the trials of a sweep have logged of the primary metric, by the name of their job. */
export type Histories = Map<string, TrialHistory>

const isOver = ({ status }: Trial): boolean => status === 'Completed' || status === 'Failed' || status === 'Canceled'

/** A step that has just started may be recorded as such a little later. */
const isUnderWay = ({ status }: Pick<JobRow, 'status'>): boolean => status === 'Running' || status === 'Starting'

/** Reads what trials have logged since, and keeps their best so far. The history of a trial that is over is read once. */
export async function followProgress(
  needs: Pick<JobNeeds, 'db' | 'tracking'>,
  sweep: JobRow,
  { objective }: SweepPlan,
  trials: readonly Trial[],
  histories: Histories,
): Promise<Trial[]> {
  const followed: Trial[] = []
  for (const trial of trials) {
    const over = isOver(trial)
    if (over && histories.get(trial.job)?.finished === true) {
      followed.push(trial)
      continue
    }
    const values = await needs.tracking.metricValues(sweep.workspace, trial.job, objective.metric)
    histories.set(trial.job, { trial: trial.job, values, finished: over })
    const value = bestOf(objective.goal, values) ?? null
    if (value !== trial.value || values.length !== trial.intervals)
      await keepProgress(needs.db, sweep.workspace, trial.job, { value, intervals: values.length })
    followed.push({ ...trial, value, intervals: values.length })
  }
  return followed
}

interface Judgement {
  trial: Trial
  interval: number
  reason: string | undefined
}

/** Lets the early termination policy look at trials that have reached an interval it has not seen, and stops the bad ones. */
export async function judgeTrials(
  needs: Pick<JobNeeds, 'db' | 'running'>,
  who: Who,
  plan: SweepPlan,
  trials: readonly Trial[],
  histories: Histories,
): Promise<void> {
  const judgements = trials.flatMap(trial => judged(plan, trial, histories) ?? [])
  if (judgements.length === 0) return
  await needs.db.withTransaction(
    who,
    async tx => {
      for (const judgement of judgements) await carryOut(needs, tx, judgement)
    },
    judgements.every(({ reason }) => reason === undefined) ? 'relaxed' : 'durable',
  )
}

/** The first interval at which the policy stops a trial, else the last at which it has looked at it. */
function judged(
  { earlyTermination: policy, objective }: SweepPlan,
  trial: Trial,
  histories: Histories,
): Judgement | undefined {
  if (policy === undefined || !isUnderWay(trial)) return undefined
  const all = [...histories.values()]
  let last: Judgement | undefined
  for (const interval of intervalsDue(policy, trial.intervals, trial.judged)) {
    last = { trial, interval, reason: verdict(policy, objective.goal, all, trial.job, interval) }
    if (last.reason !== undefined) return last
  }
  return last
}

async function carryOut(
  needs: Pick<JobNeeds, 'running'>,
  tx: Tx,
  { trial, interval, reason }: Judgement,
): Promise<void> {
  if (reason === undefined) return markJudged(tx, trial.job, interval, null)
  const row = await jobForUpdate(tx, trial.job)
  // it came to its end before the policy had looked
  if (!isUnderWay(row)) return
  await markJudged(tx, trial.job, interval, reason)
  await moveJob(tx, row, 'request-cancel', { error: JSON.stringify({ message: reason }) }, { message: reason })
  tx.afterCommit(() => needs.running.requestStop(row.workspace, row.name))
}
