import {
  type GitState,
  HaganeError,
  type JobSpec,
  type MonitorSpec,
  type ScheduledJob,
  type ScheduleSpec,
  type ScheduleTrigger,
} from '@hagane/contract'
import type { Tx, Who } from '../../kernel/db/index.ts'
import { atMoment } from './action.ts'
import { completeJob, namedAfter } from './complete-job.ts'
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
export type ScheduleChange = Partial<Omit<ScheduleSpec, '$schema' | 'name'> & Pick<MonitorSpec, 'create_monitor'>>

/** Throws not_found. */
export async function getSchedule(needs: ScheduleNeeds, workspace: string, name: string): Promise<ScheduleRow> {
  return (await findSchedule(needs.db, workspace, name)) ?? Promise.reject(missing(workspace, name))
}

/** Creates a schedule, or replaces the one of that name; times that have passed stay passed. Throws invalid when its job is refused. */
export async function putSchedule(needs: ScheduleNeeds, who: Who, given: NewSchedule): Promise<void> {
  const { schedule, git, default_experiment_name: experiment } = given
  const job = await jobOf(needs, who.workspace, schedule.name, schedule.create_job)
  await needs.db.withTransaction(who, tx =>
    put(tx, schedule, 'job', job, {
      git: git === undefined ? null : JSON.stringify(git),
      experiment: experiment ?? null,
    }),
  )
}

/** Creates a monitor, or replaces the one of that name, as `putSchedule` does with a schedule. Throws invalid when it is refused. */
export async function putMonitor(needs: ScheduleNeeds, who: Who, monitor: MonitorSpec): Promise<void> {
  await needs.monitors.check(who.workspace, monitor)
  await needs.db.withTransaction(who, tx => putMonitorIn(needs, tx, monitor))
}

/** The same in a transaction of the caller's, unchecked. */
export async function putMonitorIn(needs: ScheduleNeeds, tx: Tx, monitor: MonitorSpec): Promise<void> {
  const { name, create_monitor } = monitor
  const before = await scheduleForUpdate(tx, name)
  await put(tx, monitor, 'monitor', create_monitor, { git: null, experiment: null })
  await needs.monitors.stored(tx, name, create_monitor, before)
}

async function put(
  tx: Tx,
  schedule: ScheduleSpec | MonitorSpec,
  action: ScheduleRow['action'],
  job: object,
  of: Pick<ScheduleRow, 'git' | 'experiment'>,
): Promise<void> {
  const { name, trigger, catch_up, is_enabled: enabled = true } = schedule
  const before = await scheduleForUpdate(tx, name)
  if (before !== undefined && before.action !== action) throw taken(before)
  const content = {
    ...{ name, catch_up, action },
    display_name: schedule.display_name ?? null,
    description: schedule.description ?? null,
    tags: JSON.stringify(schedule.tags ?? {}),
    properties: JSON.stringify(schedule.properties ?? {}),
    trigger_spec: JSON.stringify(trigger),
    job: JSON.stringify(job),
    ...of,
    is_enabled: enabled ? 1 : 0,
    next_tick: nextTick(tx, trigger, before?.created_at, enabled),
  }
  if (before === undefined) await insertSchedule(tx, content)
  else await changeSchedule(tx, before, content)
  const done = action === 'job' ? { job } : { create_monitor: job }
  tx.append({
    type: `dev.hagane.${subjectKind(action)}.${before === undefined ? 'created' : 'updated'}`,
    subject: `${subjectKind(action)}/${name}`,
    data: { name, trigger, ...done, catch_up, is_enabled: enabled },
  })
}

const subjectKind = (action: ScheduleRow['action']): string => (action === 'job' ? 'schedule' : 'monitor')

/** Changes what is given. `check` sees the row before anything is written. Throws not_found. */
export async function changeExisting(
  needs: ScheduleNeeds,
  who: Who,
  name: string,
  change: ScheduleChange,
  check: (row: ScheduleRow) => void,
): Promise<void> {
  const job = await changedAction(needs, who.workspace, await getSchedule(needs, who.workspace, name), change)
  await needs.db.withTransaction(who, async tx => {
    const row = await scheduleForUpdate(tx, name)
    if (row === undefined) throw missing(who.workspace, name)
    check(row)
    await changeSchedule(tx, row, {
      ...columnsOf(change),
      ...timeOf(tx, row, change),
      ...(job && { job: JSON.stringify(job) }),
    })
    if (change.create_monitor !== undefined) await needs.monitors.stored(tx, name, change.create_monitor, row)
    tx.append({
      type: `dev.hagane.${subjectKind(row.action)}.${verbOf(change)}`,
      subject: `${subjectKind(row.action)}/${name}`,
      data: { name, ...change, ...(job && row.action === 'job' && { create_job: job }) },
    })
  })
}

/** What the times do from now on, complete; undefined when that stays. Throws invalid for the action of the other kind. */
async function changedAction(
  needs: ScheduleNeeds,
  workspace: string,
  row: ScheduleRow,
  { create_job, create_monitor, trigger }: ScheduleChange,
): Promise<object | undefined> {
  if ((row.action === 'job' ? create_monitor : create_job) !== undefined) throw taken(row)
  if (create_job !== undefined) return jobOf(needs, workspace, row.name, create_job)
  if (create_monitor === undefined) return undefined
  const catch_up = row.catch_up as MonitorSpec['catch_up']
  await needs.monitors.check(workspace, {
    name: row.name,
    catch_up,
    create_monitor,
    trigger: trigger ?? triggerOf(row),
  })
  return create_monitor
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

const verbOf = (change: ScheduleChange): string => {
  const switched = Object.keys(change).length === 1 && change.is_enabled !== undefined
  if (!switched) return 'updated'
  return change.is_enabled ? 'enabled' : 'disabled'
}

/** Throws not_found. */
export async function removeSchedule(needs: ScheduleNeeds, who: Who, name: string): Promise<void> {
  await needs.db.withTransaction(who, async tx => {
    const row = await scheduleForUpdate(tx, name)
    if (row === undefined) throw missing(who.workspace, name)
    await removeIn(needs, tx, row)
  })
}

/** The same for a row that the caller's transaction holds. */
export async function removeIn(needs: ScheduleNeeds, tx: Tx, row: ScheduleRow): Promise<void> {
  const { name, action } = row
  if (action === 'monitor') await needs.monitors.deleted(tx, row)
  await deleteSchedule(tx, row)
  tx.append({
    type: `dev.hagane.${subjectKind(action)}.deleted`,
    subject: `${subjectKind(action)}/${name}`,
    data: { name },
  })
}

/** Has a monitor judge a moment beside its times; also a disabled one. The run's name. Throws not_found. */
export async function runMonitor(needs: ScheduleNeeds, who: Who, name: string, time?: Date): Promise<string> {
  return needs.db.withTransaction(who, async tx => {
    const row = await scheduleForUpdate(tx, name)
    if (row?.action !== 'monitor') throw noMonitor(who.workspace, name)
    const moment = time ?? tx.now
    const run = await needs.monitors.begin(tx, row, moment, 'manual')
    if (run === undefined) throw new HaganeError('internal', `monitor '${name}' began no run`)
    const at = moment.toISOString()
    await insertRun(tx, { schedule_id: row.id, tick: null, time: at, outcome: 'submitted', job: run, error: null })
    tx.append({
      type: 'dev.hagane.schedule.triggered',
      subject: `schedule/${name}`,
      data: { name, time: at, run, manual: true },
    })
    return run
  })
}

/** Creates the job now, beside the times of the schedule; also of a disabled one. Throws not_found. */
export async function triggerNow(needs: ScheduleNeeds, who: Who, name: string) {
  const row = await getSchedule(needs, who.workspace, name)
  if (row.action === 'monitor')
    throw new HaganeError('invalid', `'${name}' is a monitor, which creates no job`, {
      hint: `hagane monitor run -n ${name}, or hagane schedule trigger -n ${name}`,
    })
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
  const job = await completeJob(needs.jobs, workspace, given, 'create_job')
  const sample = atMoment(job, { name: `${name.slice(0, 200)}-sample`, time: needs.db.clock.now() })
  await namedAfter('create_job', () => needs.jobs.check(workspace, { ...sample, name: undefined }))
  return job
}

const missing = (workspace: string, name: string): HaganeError =>
  new HaganeError('not_found', `no schedule '${name}' in workspace ${workspace}`, {
    hint: '`hagane schedule list --include-disabled` shows what there is',
  })

export const noMonitor = (workspace: string, name: string): HaganeError =>
  new HaganeError('not_found', `no monitor '${name}' in workspace ${workspace}`, {
    hint: '`hagane monitor list --include-disabled` shows what there is',
  })

const taken = ({ name, action }: ScheduleRow): HaganeError =>
  new HaganeError('conflict', `'${name}' is a ${action === 'job' ? 'schedule that creates jobs' : 'monitor'} already`, {
    hint: 'choose another name, or delete it first: hagane schedule delete -n <name>',
  })

const neverDue = (trigger: ScheduleTrigger): HaganeError =>
  new HaganeError('invalid', 'trigger: no time ever comes', {
    details: [{ property: 'trigger', message: 'no day of the calendar fits', sent: trigger }],
    hint: 'February has no 30th; a month without the day is left out',
  })
