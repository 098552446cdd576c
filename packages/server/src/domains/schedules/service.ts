import {
  type GitState,
  HaganeError,
  type JobSpec,
  parseReference,
  type ScheduledJob,
  type ScheduleSpec,
  type ScheduleTrigger,
} from '@hagane/contract'
import type { Tx, Who } from '../../kernel/db/index.ts'
import { atMoment, overridden } from './action.ts'
import { submitAt } from './fire.ts'
import type { ScheduleNeeds } from './needs.ts'
import { findSchedule } from './reads.ts'
import { changeSchedule, deleteSchedule, insertRun, insertSchedule, scheduleForUpdate } from './store.ts'
import type { ScheduleRow } from './tables.ts'
import { type Timetable, timetableOf } from './timetable.ts'

type Action = ScheduleSpec['create_job']

interface NewSchedule {
  schedule: ScheduleSpec
  git?: GitState | undefined
  default_experiment_name?: string | undefined
}

/** What an update may carry; what it leaves out stays. */
export type ScheduleChange = Partial<Omit<ScheduleSpec, '$schema' | 'name'>>

/** Throws not_found. */
export async function getSchedule(needs: ScheduleNeeds, workspace: string, name: string): Promise<ScheduleRow> {
  return (await findSchedule(needs.db, workspace, name)) ?? Promise.reject(missing(workspace, name))
}

/** Creates a schedule, or replaces the one of that name; times that have passed stay passed. Throws invalid when its job is refused. */
export async function putSchedule(needs: ScheduleNeeds, who: Who, given: NewSchedule): Promise<void> {
  const { schedule, git, default_experiment_name: experiment } = given
  const job = await jobOf(needs, who.workspace, schedule.name, schedule.create_job)
  await needs.db.withTransaction(who, async tx => {
    const before = await scheduleForUpdate(tx, schedule.name)
    const enabled = schedule.is_enabled ?? true
    const content = {
      name: schedule.name,
      display_name: schedule.display_name ?? null,
      description: schedule.description ?? null,
      tags: JSON.stringify(schedule.tags ?? {}),
      properties: JSON.stringify(schedule.properties ?? {}),
      trigger_spec: JSON.stringify(schedule.trigger),
      job: JSON.stringify(job),
      git: git === undefined ? null : JSON.stringify(git),
      experiment: experiment ?? null,
      catch_up: schedule.catch_up,
      is_enabled: enabled ? 1 : 0,
      next_tick: nextTick(tx, schedule.trigger, before?.created_at, enabled),
    }
    if (before === undefined) await insertSchedule(tx, content)
    else await changeSchedule(tx, before, content)
    tx.append({
      type: `dev.hagane.schedule.${before === undefined ? 'created' : 'updated'}`,
      subject: `schedule/${schedule.name}`,
      data: { name: schedule.name, trigger: schedule.trigger, job, catch_up: schedule.catch_up, is_enabled: enabled },
    })
  })
}

/** Changes what is given. `check` sees the row before anything is written. Throws not_found. */
export async function changeExisting(
  needs: ScheduleNeeds,
  who: Who,
  name: string,
  change: ScheduleChange,
  check: (row: ScheduleRow) => void,
): Promise<void> {
  await getSchedule(needs, who.workspace, name)
  const job = change.create_job === undefined ? undefined : await jobOf(needs, who.workspace, name, change.create_job)
  await needs.db.withTransaction(who, async tx => {
    const row = await scheduleForUpdate(tx, name)
    if (row === undefined) throw missing(who.workspace, name)
    check(row)
    await changeSchedule(tx, row, {
      ...columnsOf(change),
      ...timeOf(tx, row, change),
      ...(job && { job: JSON.stringify(job) }),
    })
    tx.append({
      type: eventOf(change),
      subject: `schedule/${name}`,
      data: { name, ...change, ...(job && { create_job: job }) },
    })
  })
}

function columnsOf({ display_name, description, tags, properties, trigger, catch_up, is_enabled }: ScheduleChange) {
  return {
    ...(display_name === undefined ? {} : { display_name }),
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags: JSON.stringify(tags) }),
    ...(properties === undefined ? {} : { properties: JSON.stringify(properties) }),
    ...(trigger === undefined ? {} : { trigger_spec: JSON.stringify(trigger) }),
    ...(catch_up === undefined ? {} : { catch_up }),
    ...(is_enabled === undefined ? {} : { is_enabled: is_enabled ? 1 : 0 }),
  }
}

/** A new trigger, or being enabled again, starts from now: what passed before gets no job. */
function timeOf(tx: Tx, row: ScheduleRow, { trigger, is_enabled }: ScheduleChange): { next_tick?: number | null } {
  const enabled = is_enabled ?? row.is_enabled === 1
  if (trigger === undefined && enabled === (row.is_enabled === 1)) return {}
  return { next_tick: nextTick(tx, trigger ?? triggerOf(row), row.created_at, enabled) }
}

const eventOf = (change: ScheduleChange): string => {
  const switched = Object.keys(change).length === 1 && change.is_enabled !== undefined
  if (!switched) return 'dev.hagane.schedule.updated'
  return change.is_enabled ? 'dev.hagane.schedule.enabled' : 'dev.hagane.schedule.disabled'
}

/** Throws not_found. */
export async function removeSchedule(needs: ScheduleNeeds, who: Who, name: string): Promise<void> {
  await needs.db.withTransaction(who, async tx => {
    const row = await scheduleForUpdate(tx, name)
    if (row === undefined) throw missing(who.workspace, name)
    await deleteSchedule(tx, row)
    tx.append({ type: 'dev.hagane.schedule.deleted', subject: `schedule/${name}`, data: { name } })
  })
}

/** Creates the job now, beside the times of the schedule; also of a disabled one. Throws not_found. */
export async function triggerNow(needs: ScheduleNeeds, who: Who, name: string) {
  const row = await getSchedule(needs, who.workspace, name)
  const now = needs.db.clock.now()
  return submitAt(needs, who, row, now, async (tx, job) => {
    if ((await scheduleForUpdate(tx, name))?.id !== row.id) throw missing(who.workspace, name)
    const time = now.toISOString()
    await insertRun(tx, { schedule_id: row.id, tick: null, time, outcome: 'submitted', job, error: null })
    tx.append({
      type: 'dev.hagane.schedule.triggered',
      subject: `schedule/${name}`,
      data: { name, time, job, manual: true },
    })
  })
}

export const triggerOf = (row: ScheduleRow): ScheduleTrigger => JSON.parse(row.trigger_spec) as ScheduleTrigger

/** The times of a stored schedule. */
export const timesOf = (row: ScheduleRow): Timetable => timetableOf(triggerOf(row), new Date(row.created_at))

function nextTick(tx: Tx, trigger: ScheduleTrigger, created: string | undefined, enabled: boolean): number | null {
  const times = timetableOf(trigger, created === undefined ? tx.now : new Date(created))
  const next = times.next(tx.now)
  if (next === undefined && times.previous(tx.now) === undefined) throw neverDue(trigger)
  return enabled ? (next?.getTime() ?? null) : null
}

/** The job a schedule creates, complete; refused now if a submission of it would be. */
async function jobOf(needs: ScheduleNeeds, workspace: string, name: string, action: Action): Promise<JobSpec> {
  const given: ScheduledJob = typeof action === 'string' || !('job' in action) ? { job: action } : action
  const job = overridden(typeof given.job === 'string' ? await referred(needs, workspace, given.job) : given.job, given)
  const sample = atMoment(job, { name: `${name.slice(0, 200)}-sample`, time: needs.db.clock.now() })
  try {
    await needs.jobs.check(workspace, { ...sample, name: undefined })
  } catch (error) {
    if (!(error instanceof HaganeError)) throw error
    throw new HaganeError(error.kind, `create_job: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.details === undefined ? {} : { details: error.details }),
    })
  }
  return job
}

async function referred(needs: ScheduleNeeds, workspace: string, reference: string): Promise<JobSpec> {
  const parsed = parseReference(reference)
  if (parsed.form === 'asset' && parsed.version === undefined && parsed.label === undefined)
    return needs.jobs.specOf(workspace, parsed.name)
  throw new HaganeError('invalid', `create_job.job: '${reference}' does not name a job`, {
    details: [
      {
        property: 'create_job.job',
        message: 'not a job',
        sent: reference,
        allowed: 'azureml:<job>, or the job itself',
      },
    ],
    hint: 'the command line reads a path to a job YAML before it sends the schedule',
  })
}

const missing = (workspace: string, name: string): HaganeError =>
  new HaganeError('not_found', `no schedule '${name}' in workspace ${workspace}`, {
    hint: '`hagane schedule list --include-disabled` shows what there is',
  })

const neverDue = (trigger: ScheduleTrigger): HaganeError =>
  new HaganeError('invalid', 'trigger: no time ever comes', {
    details: [{ property: 'trigger', message: 'no day of the calendar fits', sent: trigger }],
    hint: 'February has no 30th; a month without the day is left out',
  })
