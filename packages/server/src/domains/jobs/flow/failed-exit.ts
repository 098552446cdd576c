import type { Who } from '../../../kernel/db/index.ts'
import { lacksRoom } from '../../../kernel/disk-reserve.ts'
import { TryLater } from '../../../kernel/tasks/index.ts'
import type { StepExit } from '../../compute/index.ts'
import type { JobNeeds } from '../model/needs.ts'
import type { CommandPlan } from '../model/plan.ts'
import type { JobRow } from '../model/tables.ts'
import type { TryEnd } from '../model/tries.ts'
import { getJob } from '../records/reads.ts'
import { finishCanceled, finishFailed } from './end.ts'
import { type Failure, failureOfExit, failureOfLoss } from './failure-cause.ts'
import { tryAgainLater } from './retry.ts'

const TAIL_LINES = 20
const TAIL_WIDTH = 2000

/** A step that did not exit with 0: what it left is kept, and its error says why it ended. */
export async function finishOther(
  needs: JobNeeds,
  who: Who,
  row: JobRow,
  exit: StepExit,
  folder: string,
): Promise<void> {
  const { driver } = needs.compute
  const log_tail = await tailOf(needs, folder)
  const plan = JSON.parse(row.plan) as CommandPlan
  const ranOutOfMemory = driver.ranOutOfMemory(folder)
  const failure = failureOfExit({ exit, tail: log_tail, ranOutOfMemory, folder, plan })
  // its own files may be what fills the disk, and neither its log nor its end could be stored beside them
  if (lacksRoom(folder)) await driver.clean(folder)
  await keepArtifacts(needs, who, row, folder)
  await finishBadExit(needs, who, row, { exit, failure, log_tail }, folder)
}

interface BadExit {
  exit: StepExit
  failure: Failure
  log_tail: string[]
}

/** The reason why a step that did not exit with 0 has ended. */
async function finishBadExit(
  needs: JobNeeds,
  who: Who,
  { workspace, name, plan }: JobRow,
  { exit, failure, log_tail }: BadExit,
  folder: string,
): Promise<void> {
  const status = (await getJob(needs.db, workspace, name)).status
  if (status === 'CancelRequested' || exit.reason === 'canceled')
    return finishCanceled(needs, who, name, 'canceled', exit)
  const { timeout } = JSON.parse(plan) as CommandPlan
  if (exit.reason === 'timeout')
    return finishCanceled(needs, who, name, `stopped after ${timeout} s, its limits.timeout`, exit, 'timeout')
  const code = exit.code === null ? {} : { exit_code: exit.code }
  await again(needs, who, name, endOf(exit, failure), { ...failure, ...code }, folder)
  return finishFailed(
    needs,
    who,
    name,
    failure,
    {
      ...code,
      rerun: `hagane job reproduce ${name}`,
      log_tail,
      log: exit.rank === undefined ? 'user_logs/std_log.txt' : `user_logs/std_log_process_${exit.rank}.txt`,
    },
    exit,
  )
}

function endOf(exit: StepExit, { cause }: Failure): TryEnd {
  if (exit.code === null) return 'lost'
  return cause === 'signal' || cause === 'out_of_memory' ? 'killed' : 'failure'
}

/** Throws TryLater when the step may be tried again; of this attempt only its records stay. */
async function again(...given: [...Parameters<typeof tryAgainLater>, folder: string]): Promise<void> {
  const [needs, who, name, end, failure, folder] = given
  try {
    await tryAgainLater(needs, who, name, end, failure)
  } catch (error) {
    if (error instanceof TryLater) await needs.compute.driver.clean(folder)
    throw error
  }
}

/** A step whose end nobody saw. */
export async function finishLost(
  needs: JobNeeds,
  who: Who,
  row: JobRow,
  { reason, startedAt }: { reason: string; startedAt: string },
  folder: string,
): Promise<void> {
  const { driver } = needs.compute
  const usage = driver.usageOf(folder)
  const endedAt = needs.clock.now().toISOString()
  const failure = failureOfLoss(reason, driver.ranOutOfMemory(folder), { usage, folder })
  if (lacksRoom(folder)) await driver.clean(folder)
  await keepArtifacts(needs, who, row, folder)
  await again(needs, who, row.name, 'lost', failure, folder)
  await finishFailed(needs, who, row.name, failure, {}, { code: null, reason: 'lost', startedAt, endedAt, usage })
  await driver.clean(folder)
}

/** The end of the log for the error, which goes into the event chain: a line of a megabyte stays in the log. */
export async function tailOf(needs: JobNeeds, folder: string): Promise<string[]> {
  const lines = await needs.compute.driver.tail(folder, TAIL_LINES)
  return lines.map(line => (line.length > TAIL_WIDTH ? `${line.slice(0, TAIL_WIDTH).toWellFormed()}…` : line))
}

/** Where another attempt may follow, whose log takes the usual name, each keeps a name of its own as well. */
function logsOfAttempt<T extends { path: string }>({ plan, attempts }: JobRow, entries: readonly T[]): T[] {
  if ((JSON.parse(plan) as CommandPlan).retry === undefined) return []
  return entries
    .filter(({ path }) => path.startsWith('user_logs/'))
    .map(entry => ({ ...entry, path: entry.path.replace('user_logs/', `user_logs/attempt_${attempts}/`) }))
}

async function keepArtifacts(needs: JobNeeds, who: Who, row: JobRow, folder: string): Promise<void> {
  try {
    const artifacts = await needs.compute.driver.collectArtifacts(folder)
    if (artifacts === undefined) return
    const { entries: left } = await needs.blobs.getTree(artifacts.digest)
    const entries = [...left, ...logsOfAttempt(row, left)]
    await needs.db.withTransaction(who, tx => needs.tracking.putArtifactTree(tx, row.name, entries))
  } catch (error) {
    // a failed step keeps its own reason; that its leavings could not be stored is second to it
    needs.log.warn({ err: error, job: row.name }, 'artifacts of a failed step were not stored')
  }
}
