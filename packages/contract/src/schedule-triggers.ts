import { z } from 'zod'
import { cronExpression } from './cron-expression.ts'
import { ianaZone } from './time-zones.ts'

const dateTime = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?)?(Z|[+-]\d{2}:\d{2})?$/

function isDateTime(text: string): boolean {
  const match = dateTime.exec(text)
  if (match === null) return false
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map(part => Number(part ?? 0))
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60
}

const scheduleTime = z
  .string()
  .refine(isDateTime, 'not a date and time: write 2026-07-10T10:00:00, local to time_zone, or with Z or +09:00')

/** A name of a time zone, Windows or IANA. */
export const timeZone = z
  .string()
  .refine(
    name => ianaZone(name) !== undefined,
    'not a time zone: use a Windows name such as "Pacific Standard Time", or an IANA name such as America/Los_Angeles',
  )

const when = {
  start_time: scheduleTime.optional().describe('local to time_zone; default: when the schedule is created'),
  end_time: scheduleTime.optional().describe('local to time_zone; default: never'),
  time_zone: timeZone.default('UTC').describe('Windows or IANA name'),
}

export const weekDays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const

/** One value or a list of them, at least one. */
const oneOrMore = <T extends z.ZodType>(item: T) => z.union([item, z.array(item).min(1)])

export const cronTrigger = z.strictObject({ type: z.literal('cron'), expression: cronExpression, ...when })

const recurrencePattern = z.strictObject({
  hours: oneOrMore(z.number().int().min(0).max(23)),
  minutes: oneOrMore(z.number().int().min(0).max(59)),
  week_days: oneOrMore(z.enum(weekDays)).optional(),
  month_days: oneOrMore(z.number().int().min(1).max(31)).optional(),
})

const frequencies = ['minute', 'hour', 'day', 'week', 'month'] as const

interface Recurrence {
  frequency: (typeof frequencies)[number]
  schedule?: z.output<typeof recurrencePattern> | undefined
}

/** Why a pattern cannot go with a frequency; undefined when it can. */
function misfit({ frequency, schedule }: Recurrence): { path: string[]; message: string } | undefined {
  if (schedule === undefined) return undefined
  if (frequency === 'minute' || frequency === 'hour')
    return { path: [], message: `a recurrence by ${frequency} has no schedule: leave it out, or use frequency: day` }
  if (schedule.month_days !== undefined && frequency !== 'month')
    return { path: ['month_days'], message: `month_days needs frequency: month, not ${frequency}` }
  if (schedule.month_days !== undefined && schedule.week_days !== undefined)
    return { path: ['month_days'], message: 'month_days and week_days exclude each other' }
  return undefined
}

export const recurrenceTrigger = z
  .strictObject({
    type: z.literal('recurrence'),
    frequency: z.enum(frequencies),
    interval: z.number().int().min(1).max(100_000),
    schedule: recurrencePattern.optional().describe('every combination of hours and minutes'),
    ...when,
  })
  .superRefine((trigger, context) => {
    const wrong = misfit(trigger)
    if (wrong !== undefined)
      context.addIssue({ code: 'custom', path: ['schedule', ...wrong.path], message: wrong.message })
  })

/** When a schedule is due: Azure ML's cron and recurrence triggers. */
export const scheduleTrigger = z
  .discriminatedUnion('type', [cronTrigger, recurrenceTrigger])
  .meta({ id: 'ScheduleTrigger' })
export type ScheduleTrigger = z.output<typeof scheduleTrigger>
export type RecurrenceTrigger = z.output<typeof recurrenceTrigger>
