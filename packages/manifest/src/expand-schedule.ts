import { HaganeError, nameSchema, scheduleTrigger } from '@hagane/contract'
import { z } from 'zod'
import { expandShared } from './expand-command.ts'
import { expandJob } from './expand-job.ts'
import type { Loading } from './loading.ts'
import { isYamlPath } from './local-path.ts'
import { keepLiterals } from './number-text.ts'
import { diagnosticText } from './problems.ts'
import { type Cursor, isMap, mapAt, own, type YamlMap } from './tree.ts'
import { validate } from './validate.ts'

/** What Azure ML's schedules can do besides creating jobs, why Hagane does not, and the nearest way. */
const otherActions: Readonly<Record<string, { reason: string; hint: string }>> = {
  create_monitor: {
    reason: 'a schedule that creates a monitor is a monitor',
    hint: 'create it with hagane monitor create, or hagane schedule create',
  },
  import_data: {
    reason: 'schedules that import data from databases are not supported: connections are not known here',
    hint: 'write the import as a command job whose output is registered with name:, and give it as create_job',
  },
}

/** What is checked of a schedule before it is refused for what it does. */
const anySchedule = z.looseObject({ name: nameSchema, trigger: scheduleTrigger })

function refuseOtherActions(loading: Loading, cursor: Cursor): void {
  for (const [key, { reason, hint }] of Object.entries(otherActions)) {
    if (own(cursor.map, key) === undefined) continue
    validate(loading, anySchedule, cursor.map)
    loading.problems.throwIfAny()
    const detail = {
      property: key,
      message: reason,
      allowed: ['create_job'],
      hint,
      ...loading.origins.place(cursor.map, key),
    }
    throw new HaganeError('unsupported', diagnosticText(detail), { hint, details: [detail] })
  }
}

/** Puts a job that is `create_job` itself into `create_job.job`, where one with overrides has it. */
function wrap(loading: Loading, cursor: Cursor, job: unknown): Cursor {
  const map: YamlMap = { job }
  const place = loading.origins.place(cursor.map, 'create_job')
  if (place !== undefined) {
    loading.origins.begin(map, place)
    loading.origins.mark(map, 'job', { place })
  }
  cursor.map.create_job = map
  return { map, pointer: [...cursor.pointer, 'create_job'], home: cursor.home }
}

/** The job of a schedule: read from its file or written in place, everything it refers to made ready. */
async function expandScheduledJob(loading: Loading, createJob: Cursor): Promise<void> {
  const value = own(createJob.map, 'job')
  const job =
    typeof value === 'string' && isYamlPath(value)
      ? await loading.inlineYaml(createJob, 'job')
      : mapAt(createJob, 'job')
  if (job === undefined) return
  await expandJob(loading, job)
  const [given, actual] = [own(createJob.map, 'type'), own(job.map, 'type')]
  if (typeof given === 'string' && given !== actual)
    loading.wrong(createJob, 'type', `the job is of type ${String(actual)}`, { sent: given, allowed: actual })
}

/** A schedule: `create_job` becomes one form, a job with what is said over it. */
export async function expandSchedule(loading: Loading, cursor: Cursor): Promise<void> {
  refuseOtherActions(loading, cursor)
  keepLiterals(loading.origins, cursor.map, 'tags')
  keepLiterals(loading.origins, cursor.map, 'properties')
  const value = own(cursor.map, 'create_job')
  if (typeof value !== 'string' && !isMap(value)) return
  const whole = typeof value === 'string' || !Object.hasOwn(value, 'job')
  const createJob = whole ? wrap(loading, cursor, value) : mapAt(cursor, 'create_job')
  if (createJob === undefined) return
  await expandScheduledJob(loading, createJob)
  await expandShared(loading, createJob)
  keepLiterals(loading.origins, createJob.map, 'environment_variables')
  delete createJob.map.type
}
