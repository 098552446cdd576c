import { setTimeout as pause } from 'node:timers/promises'
import { HaganeError, terminalStatuses } from '@hagane/contract'
import type { Who } from '../../../kernel/db/index.ts'
import type { Task } from '../../../kernel/tasks/index.ts'
import type { JobNeeds } from '../model/needs.ts'
import type { SweepPlan } from '../model/plan.ts'
import type { JobRow } from '../model/tables.ts'
import { isStoppable } from '../model/transitions.ts'
import { whoOf } from '../model/who-of.ts'
import { findJob } from '../records/reads.ts'
import { jobForUpdate } from '../records/store.ts'
import { type Trial, trialsOf } from '../records/trial-reads.ts'
import { bestTrial, decideSweep } from '../sweep/decide-sweep.ts'
import type { Suggestions } from '../sweep/suggestions.ts'
import { mostTrials } from '../sweep/sweep-resource.ts'
import { cancelInTx } from './advance.ts'
import { createTrials, nextPoints } from './create-trials.ts'
import { finishSweep, noteBest } from './finish-sweep.ts'
import { followProgress, type Histories, judgeTrials } from './judge-trials.ts'

/** How long a driver sleeps when nothing wakes it. */
const POLL_MS = 2000
/** Rounds are so far apart, within these bounds twice as long as the last one took: many metrics do not keep the server busy. */
const PAUSE_MS = { least: 25, most: 500 }
/** Trials that one transaction begins. */
const BATCH = 100

type Needs = JobNeeds & { suggestions: Suggestions }

interface Driven {
  row: JobRow
  plan: SweepPlan
  who: Who
  histories: Histories
  bestNoted: string | undefined
  signal: AbortSignal
}

/**
 * Drives sweeps, one task each from its start to its end. What a driver knows it reads from the database, so a server that is killed is
 * followed by one that goes on: no trial is begun twice, and Bayesian points come from the same history.
 */
export function buildDriveSweeps(needs: Needs) {
  async function drive(task: Task, signal: AbortSignal): Promise<void> {
    const name = String(task.payload.name)
    const first = await findJob(needs.db, task.workspace, name)
    if (first === undefined) return
    const who = whoOf(first)
    const plan = JSON.parse(first.plan) as SweepPlan
    const ears = needs.sweeps.listen(first.workspace, name)
    const driven: Driven = { row: first, plan, who, histories: new Map(), bestNoted: undefined, signal }
    try {
      while (!signal.aborted) {
        const began = Date.now()
        const row = await findJob(needs.db, task.workspace, name)
        if (row === undefined || (row.status !== 'Running' && row.status !== 'CancelRequested')) return
        driven.row = row
        const busy = await round(driven)
        await pause(Math.min(PAUSE_MS.most, Math.max(PAUSE_MS.least, 2 * (Date.now() - began))), undefined, { signal })
        if (!busy) await ears.wait(untilDeadline(driven), signal)
      }
    } catch (error) {
      if (signal.aborted || !(error instanceof HaganeError)) throw error
      await stopFailed(driven, error)
    } finally {
      ears.end()
    }
    signal.throwIfAborted()
  }

  /** One look at everything; true when there is more to do at once. */
  async function round(driven: Driven): Promise<boolean> {
    const { row, plan, who, histories, signal } = driven
    const found = await trialsOf(needs.db, row.workspace, row.name)
    const trials = await followProgress(needs, row, plan, found, histories)
    await judgeTrials(needs, who, plan, trials, histories)
    await followBest(driven, trials)
    const expired = deadlineOf(driven) <= needs.clock.now().getTime()
    const ending = expired || row.status === 'CancelRequested'
    const next = decideSweep({ trials, most: mostTrials(plan), maxConcurrent: plan.maxConcurrent, ending })
    if (next.finish !== undefined) {
      const message = expired ? `stopped after ${plan.timeout} s, its limits.timeout` : undefined
      await finishSweep(needs, who, row, plan, trials, {
        how: next.finish,
        ...(message === undefined ? {} : { message }),
      })
      return true
    }
    if (expired) await cancelTrials(who, trials)
    if (next.create === 0) return false
    const points = await nextPoints(needs, row, plan, trials, Math.min(BATCH, next.create), signal)
    await createTrials(needs, who, row, plan, trials.length, points)
    return true
  }

  /** Each time a trial that has ended is better than all before, its value is a point of the sweep's own metric. */
  async function followBest(driven: Driven, trials: readonly Trial[]): Promise<void> {
    const { row, plan, who } = driven
    const best = bestTrial(plan.objective.goal, trials)
    if (best === undefined || best.job === driven.bestNoted) return
    const noted = (await needs.tracking.latestMetrics(row.workspace, row.name))[plan.objective.metric]
    const ended = trials.filter(({ status }) => terminalStatuses.includes(status)).length
    if (noted !== best.value)
      await needs.db.withTransaction(who, tx => noteBest(needs, tx, row, plan, best, ended), 'relaxed')
    driven.bestNoted = best.job
  }

  async function cancelTrials(who: Who, trials: readonly Trial[]): Promise<void> {
    const active = trials.filter(({ status }) => isStoppable(status))
    if (active.length === 0) return
    await needs.db.withTransaction(who, async tx => {
      for (const { job } of active) await cancelInTx(needs, tx, await jobForUpdate(tx, job))
    })
  }

  /** Points cannot be had, say because Optuna cannot be installed: what runs is stopped and the sweep fails with the reason. */
  async function stopFailed({ row, plan, who }: Driven, error: HaganeError): Promise<void> {
    const trials = await trialsOf(needs.db, row.workspace, row.name)
    await cancelTrials(who, trials)
    const message = `${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`
    await finishSweep(needs, who, row, plan, trials, { how: 'fail', message })
  }

  /** The last word on a sweep whose driver kept failing. */
  async function giveUp(task: Task, error: unknown): Promise<void> {
    const row = await findJob(needs.db, task.workspace, String(task.payload.name))
    if (row === undefined) return
    const who = whoOf(row)
    const reason = new HaganeError('internal', `the server gave this sweep up: ${(error as Error).message}`)
    await stopFailed(
      {
        row,
        plan: JSON.parse(row.plan) as SweepPlan,
        who,
        histories: new Map(),
        bestNoted: undefined,
        signal: AbortSignal.abort(),
      },
      reason,
    )
  }

  const deadlineOf = ({ row, plan }: Driven): number =>
    plan.timeout === undefined || row.start_time === null
      ? Number.POSITIVE_INFINITY
      : Date.parse(row.start_time) + plan.timeout * 1000
  const untilDeadline = (driven: Driven): number =>
    Math.max(1, Math.min(POLL_MS, deadlineOf(driven) - needs.clock.now().getTime()))

  return { drive, giveUp }
}
