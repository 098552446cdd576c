import { HaganeError } from '@hagane/contract'
import type { Who } from '../../../kernel/db/index.ts'
import { type Task, TryLater } from '../../../kernel/tasks/index.ts'
import type { StepExit, StepProcess } from '../../compute/index.ts'
import type { JobNeeds, StepEnvironment } from '../model/needs.ts'
import type { CommandPlan } from '../model/plan.ts'
import type { JobRow } from '../model/tables.ts'
import { whoOf } from '../model/who-of.ts'
import { keepDecisions } from '../records/decisions-store.ts'
import { findJob } from '../records/reads.ts'
import { jobForUpdate, moveJob, moveJobThrough } from '../records/store.ts'
import { finishCanceled, finishFailed, finishReused } from './end.ts'
import { evaluatedTables } from './evaluated-tables.ts'
import { finishLost } from './failed-exit.ts'
import { failureOfError, failureOfLoss } from './failure-cause.ts'
import { finishExited } from './finish.ts'
import { buildFlights } from './flights.ts'
import { orAborted } from './or-aborted.ts'
import { recordedIfSlow } from './recorded-if-slow.ts'
import { beforeCommand, isPassing, NotBegun, refuseEarly, tryAgainLater } from './retry.ts'
import { decisionOf, type Lookup, lookUp } from './reuse.ts'
import { folderOf, workOf } from './step-work.ts'
import { committed, resolveInputs, type Value } from './values.ts'

interface Ready {
  values: Record<string, Value>
  environment: StepEnvironment
  lockDigest: string
  decision: ReturnType<typeof decisionOf>
}

/** Runs command steps. Every stage is recorded before it begins, so a server that is killed is followed by one that goes on. */
export function buildRunSteps(needs: JobNeeds) {
  const flights = buildFlights()

  /** Carries a step from whatever stage it is in to its end. */
  async function run(task: Task, signal: AbortSignal): Promise<void> {
    const row = await findJob(needs.db, task.workspace, String(task.payload.name))
    if (row === undefined) return
    const who = whoOf(row)
    refuseEarly(row, needs.clock.now())
    const { stop, end } = needs.running.carry(row.workspace, row.name)
    try {
      if (row.status === 'Queued' || row.status === 'Preparing')
        await prepareAndStart(who, row, signal, AbortSignal.any([signal, stop]))
      else if (['Starting', 'Running', 'Finalizing', 'CancelRequested'].includes(row.status))
        await takeUp(who, row, signal)
    } catch (error) {
      if (signal.aborted || error instanceof TryLater) throw error
      if (stop.aborted && (await endedAsCanceled(who, row))) return
      await failOrTryAgain(who, row, error as Error)
    } finally {
      end()
    }
  }

  async function failOrTryAgain(who: Who, row: JobRow, error: Error): Promise<void> {
    const reason = error instanceof NotBegun ? error.reason : error
    const failure = failureOfError(reason, needs.dataDir)
    if (failure.cause === 'out_of_disk' || !(error instanceof NotBegun)) await clearAttempt(needs, row)
    if (error instanceof NotBegun && isPassing(failure, error))
      await tryAgainLater(needs, who, row.name, 'infrastructure', failure)
    if (!(reason instanceof HaganeError))
      needs.log.error({ err: reason, job: row.name }, 'a step failed for a reason of ours')
    await finishFailed(needs, who, row.name, failure)
  }

  /** `waiting` aborts also when the step is asked to stop: nothing runs yet that would have to end first. */
  async function prepareAndStart(who: Who, queued: JobRow, signal: AbortSignal, waiting: AbortSignal): Promise<void> {
    const plan = JSON.parse(queued.plan) as CommandPlan
    const looked = await beforeCommand(reuseAtOnce(who, queued, plan))
    if (looked === 'reused') return
    const ready = await recordedIfSlow(beforeCommand(prepare(queued, plan, waiting, looked)), () =>
      recordPreparing(who, queued.name),
    )
    const go = () => reuseOrStart(who, queued, plan, ready, signal)
    const { key } = ready.decision
    await (plan.reusable && plan.deterministic ? flights.inTurn(flightOf(queued, key), waiting, go) : go())
  }

  const recordPreparing = (who: Who, name: string): Promise<unknown> =>
    needs.db.withTransaction(
      who,
      async tx => {
        const row = await jobForUpdate(tx, name)
        if (row.status === 'Queued') await moveJob(tx, row, 'prepare')
      },
      'relaxed',
    )

  /**
   * The short way: the environment was locked before and the result is there, so nothing is built and nothing staged. Where
   * there is none, the values of the inputs if they were looked up.
   */
  async function reuseAtOnce(
    who: Who,
    row: JobRow,
    plan: CommandPlan,
  ): Promise<'reused' | Record<string, Value> | undefined> {
    if (row.status !== 'Queued' || !plan.reusable || !plan.deterministic) return undefined
    const { lockDigest } = await needs.environments.plan(row.workspace, environmentOf(plan))
    needs.memory.noteLock(plan.environmentDigest, lockDigest)
    if (lockDigest === undefined) return undefined
    const values = await resolveInputs(needs, row, plan, committed(needs, row.workspace))
    const decision = decisionOf(plan, values, lockDigest)
    const { take } = await lookUp(needs, row.workspace, plan, decision.key)
    if (take === undefined) return values
    await finishReused(needs, who, row.name, take, { lockDigest, decision })
    return 'reused'
  }

  async function prepare(
    row: JobRow,
    plan: CommandPlan,
    signal: AbortSignal,
    known?: Record<string, Value>,
  ): Promise<Ready> {
    const built = await needs.environments.ensureForStep(row.workspace, environmentOf(plan), {
      signal,
      actor: row.created_by,
      inContainer: plan.distribution === undefined,
      ...(plan.environmentLock === undefined ? {} : { lock: plan.environmentLock }),
    })
    const values = known ?? (await resolveInputs(needs, row, plan, committed(needs, row.workspace)))
    // a reproduction builds a lock of its own, which is not the one that the definition has now
    if (plan.environmentLock === undefined) needs.memory.noteLock(plan.environmentDigest, built.lockDigest)
    const { lockDigest } = built
    return { values, environment: built, lockDigest, decision: decisionOf(plan, values, lockDigest) }
  }

  async function reuseOrStart(
    who: Who,
    row: JobRow,
    plan: CommandPlan,
    ready: Ready,
    signal: AbortSignal,
  ): Promise<void> {
    const found = await lookUp(needs, row.workspace, plan, ready.decision.key)
    if (found.take === undefined) return start(who, row, plan, { ...ready, found }, signal)
    return finishReused(needs, who, row.name, found.take, ready)
  }

  async function start(
    who: Who,
    preparing: JobRow,
    plan: CommandPlan,
    ready: Ready & { found: Lookup },
    signal: AbortSignal,
  ): Promise<void> {
    const values = await beforeCommand(evaluatedTables(needs.blobs, ready.values))
    const { row, token } = await needs.db.withTransaction(
      who,
      async tx => {
        const current = await jobForUpdate(tx, preparing.name)
        if (current.status !== 'Queued' && current.status !== 'Preparing') return { row: current, token: '' }
        const attempts = current.attempts + 1
        const { decision, lockDigest, values, found } = ready
        const { host } = needs.compute
        const facts = { attempt: attempts, environment_lock: lockDigest, inputs: namedContents(values), host }
        const { serverId: server } = needs
        const steps = [
          ...(current.status === 'Queued' ? [{ event: 'prepare' as const }] : []),
          { event: 'start' as const, facts },
        ]
        const moved = await moveJobThrough(tx, current, steps, { attempts, reuse_key: decision.key, server })
        await keepDecisions(tx, [{ row: moved, decision: { ...decision, ...found, host } }])
        return { row: moved, token: await needs.tokens.issue(tx, `job:${moved.name}`, 'job', moved.workspace) }
      },
      'relaxed',
    )
    if (row.status !== 'Starting') return endIfCanceled(who, row)
    await follow(who, row, await launch(row, plan, { ...ready, values, token }), signal)
  }

  /** Throws NotBegun when the command did not begin; whatever was staged is gone then. */
  async function launch(row: JobRow, plan: CommandPlan, ready: Ready & { token: string }): Promise<StepProcess> {
    const { driver } = needs.compute
    try {
      return await driver.start(workOf(needs, row, plan, ready))
    } catch (error) {
      const folder = folderOf(needs.dataDir, row, row.attempts)
      if ((await driver.adopt(folder)).state !== 'never-started') throw error
      await driver.clean(folder).catch(() => undefined)
      throw new NotBegun(error as Error)
    }
  }

  async function follow(who: Who, row: JobRow, step: StepProcess, signal: AbortSignal): Promise<void> {
    needs.running.watch(row.workspace, row.name, step)
    const current = await findJob(needs.db, row.workspace, row.name)
    if (current?.status === 'CancelRequested') needs.running.requestStop(row.workspace, row.name)
    const folder = folderOf(needs.dataDir, row, row.attempts)
    const over = needs.measures.during(row, step, folder, exitOrAbort(step, signal))
    const exit = await recordedIfSlow(over, () => recordRunning(who, row.name, step))
    if (exit.reason === 'unstarted') return startAgain(who, row, signal)
    await finishExited(needs, who, row, exit, folder)
  }

  const recordRunning = (who: Who, name: string, step: StepProcess): Promise<unknown> =>
    needs.db.withTransaction(
      who,
      async tx => {
        const now = await jobForUpdate(tx, name)
        if (now.status !== 'Starting') return
        await needs.tracking.setRunStatus(tx, name, 'RUNNING')
        await moveJob(tx, now, 'run', { start_time: step.startedAt }, { pid: step.pid })
      },
      'relaxed',
    )

  /** After a restart: finds out what became of the attempt that an earlier server recorded. */
  async function takeUp(who: Who, row: JobRow, signal: AbortSignal): Promise<void> {
    if (row.attempts === 0) return endIfCanceled(who, row)
    if (row.server !== null && row.server !== needs.serverId) return leftElsewhere(who, row)
    const folder = folderOf(needs.dataDir, row, row.attempts)
    const found = await needs.compute.driver.adopt(folder)
    if (found.state === 'running') {
      const { step } = found
      const goOn = () => follow(who, row, step, signal)
      return row.reuse_key === null ? goOn() : flights.now(flightOf(row, row.reuse_key), goOn)
    }
    if (found.state === 'exited') return finishExited(needs, who, row, found.exit, folder)
    if (row.status === 'CancelRequested') return finishCanceled(needs, who, row.name, 'canceled before it ran')
    if (found.state === 'lost') return finishLost(needs, who, row, found, folder)
    return startAgain(who, row, signal)
  }

  /** Another server on the same database ran it and has stopped renewing its lease; what the step left is in its data folder. */
  async function leftElsewhere(who: Who, row: JobRow): Promise<void> {
    if (row.status === 'CancelRequested')
      return finishCanceled(needs, who, row.name, `canceled; server ${row.server}, which ran it, is gone`)
    const failure = failureOfLoss(`server ${row.server}, which ran it, has stopped its heartbeat`, false)
    await tryAgainLater(needs, who, row.name, 'lost', failure)
    await finishFailed(needs, who, row.name, failure)
  }

  /** The server died between recording the start and starting: the command never ran, so the same attempt is started now. */
  async function startAgain(who: Who, row: JobRow, signal: AbortSignal): Promise<void> {
    const plan = JSON.parse(row.plan) as CommandPlan
    const ready = await beforeCommand(prepare(row, plan, signal))
    const values = await beforeCommand(evaluatedTables(needs.blobs, ready.values))
    const token = await needs.db.withTransaction(who, tx =>
      needs.tokens.issue(tx, `job:${row.name}`, 'job', row.workspace),
    )
    await follow(who, row, await launch(row, plan, { ...ready, values, token }), signal)
  }

  async function endIfCanceled(who: Who, row: JobRow): Promise<void> {
    if (row.status === 'CancelRequested') await finishCanceled(needs, who, row.name, 'canceled before it ran')
  }

  /** Whether what went wrong is that the step was asked to stop. */
  async function endedAsCanceled(who: Who, { workspace, name }: JobRow): Promise<boolean> {
    const row = await findJob(needs.db, workspace, name)
    if (row?.status !== 'CancelRequested') return false
    await finishCanceled(needs, who, name, 'canceled')
    return true
  }

  return { run }
}

const flightOf = (row: JobRow, key: string): string => `${row.workspace}/${key}`

/** The version that was resolved at submit: a label may have moved since. */
const environmentOf = (plan: CommandPlan): CommandPlan['environment'] => plan.environmentId ?? plan.environment

/** The lock of the environment and the content of inputs are facts that lineage needs. */
const namedContents = (values: Record<string, Value>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value.kind === 'content' ? [[name, { tree: value.tree, path: value.path, from: value.from }]] : [],
    ),
  )

/** The exit, or a throw when this server stops first; the process itself goes on. */
async function exitOrAbort(step: StepProcess, signal: AbortSignal): Promise<StepExit> {
  try {
    return await orAborted(step.exit, signal)
  } catch (error) {
    step.release()
    throw error
  }
}

/** Nobody reads the files of a step that failed; on a full disk its end can be recorded only without them. */
async function clearAttempt(needs: JobNeeds, { workspace, name }: JobRow): Promise<void> {
  const row = await findJob(needs.db, workspace, name)
  if (row === undefined || row.attempts === 0) return
  const cleaned = needs.compute.driver.clean(folderOf(needs.dataDir, row, row.attempts))
  await cleaned.catch(error => needs.log.warn({ err: error, job: name }, 'the files of a step were not removed'))
}
