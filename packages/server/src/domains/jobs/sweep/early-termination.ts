import type { EarlyTermination } from '@hagane/contract'

/** What one trial has logged of the primary metric, in the order it was logged: each value is one interval. */
export interface TrialHistory {
  trial: string
  values: readonly number[]
  finished: boolean
}

export type Goal = 'minimize' | 'maximize'

/** The best value among the first `count`; undefined when none of them is a number. */
export function bestOf(goal: Goal, values: readonly number[], count = values.length): number | undefined {
  let best: number | undefined
  for (let i = 0; i < Math.min(count, values.length); i++) {
    const value = values[i] ?? Number.NaN
    if (!Number.isNaN(value) && (best === undefined || isWorse(goal, best, value))) best = value
  }
  return best
}

const isWorse = (goal: Goal, value: number, than: number): boolean =>
  goal === 'minimize' ? value > than : value < than

/**
 * The intervals at which a policy looks at a trial that has logged `count` values, without those up to `seen`. Azure ML: "the policy
 * applies on every multiple of evaluation_interval that is greater than or equal to delay_evaluation"; 0 counts as 1.
 */
export function intervalsDue(policy: EarlyTermination, count: number, seen: number): number[] {
  const every = Math.max(1, policy.evaluation_interval ?? 1)
  const first = Math.max(1, policy.delay_evaluation ?? 0, seen + 1)
  const due: number[] = []
  for (let at = Math.ceil(first / every) * every; at <= count; at += every) due.push(at)
  return due
}

/** Why the policy stops a trial at an interval that it has reached, or undefined when it goes on. */
export function verdict(
  policy: EarlyTermination,
  goal: Goal,
  all: readonly TrialHistory[],
  trial: string,
  interval: number,
): string | undefined {
  const own = bestOf(goal, all.find(one => one.trial === trial)?.values ?? [], interval)
  if (own === undefined) return undefined
  const reason =
    policy.type === 'bandit'
      ? bandit(policy, goal, all, own, interval)
      : policy.type === 'median_stopping'
        ? medianStopping(goal, all, own, interval)
        : truncation(policy, goal, all, own, interval)
  return reason === undefined ? undefined : `stopped by ${policy.type} at interval ${interval}: ${reason}`
}

/**
 * Azure ML: "any training jobs whose best metric at interval 10 is less than 0.66 (0.8/(1+slack_factor)) will be terminated", where 0.8
 * is the best of all jobs at that interval; minimizing, more than best·(1+slack_factor); with slack_amount, further than that from
 * the best. For a best below 0 the same distance lies on the worse side, since the ratio alone would stop the best job itself.
 */
function bandit(
  policy: Extract<EarlyTermination, { type: 'bandit' }>,
  goal: Goal,
  all: readonly TrialHistory[],
  own: number,
  interval: number,
): string | undefined {
  const bests = all.flatMap(({ values }) => bestOf(goal, values, interval) ?? [])
  const best = bestOf(goal, bests)
  if (best === undefined) return undefined
  const limit = bound(policy, goal, best)
  if (!isWorse(goal, own, limit)) return undefined
  return `${shown(own)} is worse than ${shown(limit)}, which the best, ${shown(best)}, and its slack allow`
}

function bound(
  { slack_factor = 0, slack_amount = 0 }: Extract<EarlyTermination, { type: 'bandit' }>,
  goal: Goal,
  best: number,
): number {
  if (goal === 'minimize') return best + (slack_factor > 0 ? Math.abs(best) * slack_factor : slack_amount)
  return best - (slack_factor > 0 ? Math.abs(best) * (slack_factor / (1 + slack_factor)) : slack_amount)
}

/**
 * Azure ML: "a job is stopped at interval 5 if its best primary metric is worse than the median of the running averages over intervals
 * 1:5 across all training jobs"; those that have not reached the interval have no such average.
 */
function medianStopping(goal: Goal, all: readonly TrialHistory[], own: number, interval: number): string | undefined {
  const averages = all
    .filter(({ values }) => values.length >= interval)
    .flatMap(({ values }) => averageOf(values.slice(0, interval)) ?? [])
  const median = medianOf(averages)
  if (median === undefined || !isWorse(goal, own, median)) return undefined
  return `its best, ${shown(own)}, is worse than ${shown(median)}, the median of the running averages of ${averages.length} trials`
}

function averageOf(values: readonly number[]): number | undefined {
  const numbers = values.filter(value => !Number.isNaN(value))
  return numbers.length === 0 ? undefined : numbers.reduce((sum, value) => sum + value / numbers.length, 0)
}

function medianOf(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]]
  return low === undefined || high === undefined ? undefined : low / 2 + high / 2
}

/**
 * Azure ML: "a job terminates at interval 5 if its performance at interval 5 is in the lowest 20% of performance of all jobs at interval
 * 5", with exclude_finished_jobs of all unfinished ones. Younger jobs are compared with what older ones had at the same interval.
 * Of n jobs the lowest share is ⌊n·p/100⌋; equal ones are in it together or not at all.
 */
function truncation(
  { truncation_percentage, exclude_finished_jobs }: Extract<EarlyTermination, { type: 'truncation_selection' }>,
  goal: Goal,
  all: readonly TrialHistory[],
  own: number,
  interval: number,
): string | undefined {
  const bests = all
    .filter(({ values, finished }) => values.length >= interval && !(exclude_finished_jobs && finished))
    .flatMap(({ values }) => bestOf(goal, values, interval) ?? [])
  const lowest = Math.floor((bests.length * truncation_percentage) / 100)
  const notBetter = bests.filter(best => !isWorse(goal, own, best)).length
  if (notBetter > lowest) return undefined
  return `${shown(own)} is among the lowest ${truncation_percentage} % of ${bests.length} trials`
}

const shown = (value: number): string => String(Number(value.toPrecision(6)))
