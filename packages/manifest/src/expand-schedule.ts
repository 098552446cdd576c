import { HaganeError, nameSchema, scheduleTrigger } from '@hagane/contract'
import { z } from 'zod'
import { expandScheduledJob } from './expand-scheduled-job.ts'
import type { Loading } from './loading.ts'
import { keepLiterals } from './number-text.ts'
import { diagnosticText } from './problems.ts'
import { type Cursor, own } from './tree.ts'
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

/** A schedule: `create_job` becomes one form, a job with what is said over it. */
export async function expandSchedule(loading: Loading, cursor: Cursor): Promise<void> {
  refuseOtherActions(loading, cursor)
  keepLiterals(loading.origins, cursor.map, 'tags')
  keepLiterals(loading.origins, cursor.map, 'properties')
  await expandScheduledJob(loading, cursor, 'create_job')
}
