import {
  type CatchUpPolicy,
  type GitState,
  HaganeError,
  type JobResource,
  type JobSpec,
  type ScheduleTrigger,
} from '@hagane/contract'
import type { Tx, Who } from '../../kernel/db/index.ts'
import { atMoment, stamp } from './action.ts'
import { type Decision, decide } from './due.ts'
import type { ScheduleNeeds } from './needs.ts'
import { insertRun, moveOn, scheduleForUpdate } from './store.ts'
import type { ScheduleRow } from './tables.ts'
import { timetableOf } from './timetable.ts'

/** Another server carried the time out, or the schedule was changed meanwhile: nothing is left to do here. */
class Superseded extends Error {}

/** A name that is taken gets a number behind it, up to this. */
const MOST_NAMES = 5
/** Leaves room in 255 characters for the time, a number, and a trial's own. */
const LONGEST_PREFIX = 200

const whoOf = (row: ScheduleRow): Who => ({ workspace: row.workspace, actor: `schedule:${row.name}` })

/**
 * Carries out the time that a schedule has to: its job, the note that it ran and the step to the next time are one transaction,
 * so it happens once whatever is killed and however many servers try. Throws only what may be better at another try.
 */
export async function carryOut(needs: ScheduleNeeds, row: ScheduleRow): Promise<void> {
  if (row.next_tick === null) return
  const times = timetableOf(JSON.parse(row.trigger_spec) as ScheduleTrigger, new Date(row.created_at))
  const decision = decide(times, new Date(row.next_tick), needs.db.clock.now(), row.catch_up as CatchUpPolicy)
  try {
    if (decision.run === undefined) await skip(needs, row, decision)
    else if (row.action === 'monitor') await judgeAt(needs, row, decision, decision.run)
    else await submitAt(needs, whoOf(row), row, decision.run, (tx, job) => recordTick(tx, row, decision, { job }))
  } catch (error) {
    if (error instanceof Superseded) return
    if (!(error instanceof HaganeError) || ['internal', 'unavailable', 'timeout'].includes(error.kind)) throw error
    await giveUp(needs, row, decision, error.message)
  }
}

/** Gives a time up for good, after an error that another try does not mend. */
export async function giveUp(needs: ScheduleNeeds, row: ScheduleRow, decision: Decision, error: string): Promise<void> {
  await needs.db
    .withTransaction(whoOf(row), tx => recordTick(tx, row, decision, { error }))
    .catch(cause => {
      if (!(cause instanceof Superseded)) throw cause
    })
}

/** What is decided now about the time that is due; for one that is given up after several tries. */
export function decisionOn(needs: ScheduleNeeds, row: ScheduleRow): Decision {
  const times = timetableOf(JSON.parse(row.trigger_spec) as ScheduleTrigger, new Date(row.created_at))
  return decide(times, new Date(row.next_tick ?? 0), needs.db.clock.now(), row.catch_up as CatchUpPolicy)
}

/** Creates the job of a schedule for a moment. `inTx` is told its name and runs in the transaction that stores it. */
export async function submitAt(
  needs: ScheduleNeeds,
  who: Who,
  row: ScheduleRow,
  time: Date,
  inTx: (tx: Tx, job: string) => Promise<void>,
): Promise<JobResource> {
  const first = `${row.name.slice(0, LONGEST_PREFIX)}-${stamp(time)}`
  for (let n = 1; ; n++) {
    const name = n === 1 ? first : `${first}-${n}`
    try {
      return await needs.jobs.submit(who, submissionOf(row, name, time), tx => inTx(tx, name))
    } catch (error) {
      if (!(error instanceof HaganeError) || error.kind !== 'conflict' || n === MOST_NAMES) throw error
    }
  }
}

function submissionOf(row: ScheduleRow, name: string, time: Date) {
  const job = atMoment(JSON.parse(row.job) as JobSpec, { name, time })
  const properties = {
    ...job.properties,
    'hagane.schedule': row.name,
    'hagane.trigger_time': time.toISOString(),
  }
  return {
    job: { ...job, display_name: job.display_name ?? name, properties },
    ...(row.git === null ? {} : { git: JSON.parse(row.git) as GitState }),
    ...(row.experiment === null ? {} : { default_experiment_name: row.experiment }),
  }
}

/** Has the monitor judge the time, unless it sees nothing to judge: then the time passes without a word. */
async function judgeAt(needs: ScheduleNeeds, row: ScheduleRow, decision: Decision, time: Date): Promise<void> {
  await needs.db.withTransaction(whoOf(row), async tx => {
    await claim(tx, row)
    const job = await needs.monitors.begin(tx, row, time, 'tick')
    if (job === undefined) await moveOn(tx, row, decision.next?.getTime() ?? null)
    else await note(tx, row, decision, { job })
  })
}

async function skip(needs: ScheduleNeeds, row: ScheduleRow, decision: Decision): Promise<void> {
  await needs.db.withTransaction(whoOf(row), async tx => {
    await claim(tx, row)
    tellOfSkipped(tx, row, decision)
    await moveOn(tx, row, decision.next?.getTime() ?? null)
  })
}

async function recordTick(
  tx: Tx,
  row: ScheduleRow,
  decision: Decision,
  result: { job?: string; error?: string },
): Promise<void> {
  await claim(tx, row)
  await note(tx, row, decision, result)
}

/** What became of a time, for a row that the transaction holds. */
async function note(
  tx: Tx,
  row: ScheduleRow,
  decision: Decision,
  result: { job?: string; error?: string },
): Promise<void> {
  tellOfSkipped(tx, row, decision)
  const time = (decision.run ?? tx.now).toISOString()
  const { job = null, error = null } = result
  await insertRun(tx, {
    schedule_id: row.id,
    tick: decision.run?.getTime() ?? row.next_tick,
    time,
    outcome: job === null ? 'failed' : 'submitted',
    job,
    error,
  })
  tx.append({
    type: job === null ? 'dev.hagane.schedule.failed' : 'dev.hagane.schedule.triggered',
    subject: `schedule/${row.name}`,
    data: { name: row.name, time, ...(row.action === 'job' ? result : { run: job, ...(error && { error }) }) },
  })
  await moveOn(tx, row, decision.next?.getTime() ?? null)
}

/** Holds the schedule; throws Superseded when it is no longer what the decision was made on. */
async function claim(tx: Tx, row: ScheduleRow): Promise<void> {
  const now = await scheduleForUpdate(tx, row.name)
  if (now?.id !== row.id || now.revision !== row.revision || now.next_tick !== row.next_tick) throw new Superseded()
}

function tellOfSkipped(tx: Tx, row: ScheduleRow, { skipped }: Decision): void {
  if (skipped === undefined) return
  tx.append({
    type: 'dev.hagane.schedule.skipped',
    subject: `schedule/${row.name}`,
    data: { name: row.name, from: skipped.from.toISOString(), to: skipped.to.toISOString(), catch_up: row.catch_up },
  })
}
