import { HaganeError, ianaZone, type RecurrenceTrigger, type ScheduleTrigger } from '@hagane/contract'
import { Cron } from 'croner'
import { dayNumber, instantOf, type LocalDay, localDay, startOfDay, weekdayNumber } from './local-time.ts'

/** The times of a trigger, between its start and its end, both included. */
export interface Timetable {
  /** The first time after an instant; undefined when there is none. */
  next(after: Date): Date | undefined
  /** The last time before an instant; undefined when there is none. */
  previous(before: Date): Date | undefined
}

const DAY = 86_400_000
const FREQUENCY_MS = { minute: 60_000, hour: 3_600_000 } as const
/** Periods looked at for one time, at most: every 12 months on the 30th, from a February, never comes. */
const MOST_JUMPS = 500

/**
 * The times of a trigger. A local time that a change of the clock leaves out comes at the first moment after the gap, one
 * that happens twice comes the first time only; wildcards and steps follow real time. Throws invalid when no time can come.
 * `createdAt` is the start of a trigger that names none, to the minute.
 */
export function timetableOf(trigger: ScheduleTrigger, createdAt: Date): Timetable {
  const zone = ianaZone(trigger.time_zone) ?? 'UTC'
  const start =
    trigger.start_time === undefined
      ? new Date(Math.floor(createdAt.getTime() / 60_000) * 60_000)
      : instantOf(trigger.start_time, zone)
  const end = trigger.end_time === undefined ? undefined : instantOf(trigger.end_time, zone)
  if (end !== undefined && end < start) throw endsBeforeStart(trigger)
  return between(
    start,
    end,
    trigger.type === 'cron' ? fromCron(trigger.expression, zone) : recurrence(trigger, start, zone),
  )
}

function between(start: Date, end: Date | undefined, times: Timetable): Timetable {
  return {
    next(after) {
      const found = times.next(after < start ? new Date(start.getTime() - 1) : after)
      return found === undefined || (end !== undefined && found > end) ? undefined : found
    },
    previous(before) {
      const found = times.previous(end !== undefined && end < before ? new Date(end.getTime() + 1) : before)
      return found === undefined || found < start ? undefined : found
    },
  }
}

function recurrence(trigger: RecurrenceTrigger, start: Date, zone: string): Timetable {
  const { frequency, interval } = trigger
  if (frequency === 'minute' || frequency === 'hour') return evenly(start, interval * FREQUENCY_MS[frequency])
  const days = fromCron(patternOf(trigger, start, zone), zone)
  return interval === 1 ? days : everyNth(days, periodsOf(frequency, localDay(start, zone)), interval, zone)
}

/** Every `step` milliseconds of real time. */
function evenly(start: Date, step: number): Timetable {
  const at = (n: number): Date => new Date(start.getTime() + n * step)
  return {
    next: after => at(Math.max(0, Math.floor((after.getTime() - start.getTime()) / step) + 1)),
    previous(before) {
      const n = Math.ceil((before.getTime() - start.getTime()) / step) - 1
      return n < 0 ? undefined : at(n)
    },
  }
}

function fromCron(pattern: string, timezone: string): Timetable {
  const cron = new Cron(pattern, { timezone, paused: true, fixedTimeRule: 'no-wildcard' })
  return {
    next: after => cron.nextRun(after) ?? undefined,
    // the library counts whole seconds and leaves the second of its reference out
    previous: before => cron.previousRuns(1, new Date(Math.ceil(before.getTime() / 1000) * 1000))[0],
  }
}

const listed = <T>(value: T | T[] | undefined): T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value]

/** A recurrence by day, week or month as cron fields with seconds. What it leaves open comes from its start. */
function patternOf({ frequency, schedule }: RecurrenceTrigger, start: Date, zone: string): string {
  const first = localDay(start, zone)
  const weekDays = listed(schedule?.week_days).map(day => day.slice(0, 3))
  const monthDays = listed(schedule?.month_days)
  if (frequency === 'week' && weekDays.length === 0) weekDays.push(String(weekdayNumber(first)))
  if (frequency === 'month' && weekDays.length === 0 && monthDays.length === 0) monthDays.push(first.day)
  const clock =
    schedule === undefined
      ? `${first.second} ${first.minute} ${first.hour}`
      : `0 ${listed(schedule.minutes).join(',')} ${listed(schedule.hours).join(',')}`
  return `${clock} ${monthDays.join(',') || '*'} * ${weekDays.join(',') || '*'}`
}

/** Days, weeks from Monday or calendar months, counted from the one in which a recurrence starts. */
interface Periods {
  of(day: LocalDay): number
  /** Day number of the first day of period n. */
  firstDay(n: number): number
}

function periodsOf(frequency: 'day' | 'week' | 'month', start: LocalDay): Periods {
  const today = dayNumber(start)
  if (frequency === 'day') return { of: day => dayNumber(day) - today, firstDay: n => today + n }
  if (frequency === 'week') {
    const monday = today - ((weekdayNumber(start) + 6) % 7)
    return { of: day => Math.floor((dayNumber(day) - monday) / 7), firstDay: n => monday + 7 * n }
  }
  return {
    of: day => (day.year - start.year) * 12 + day.month - start.month,
    firstDay: n => Date.UTC(start.year, start.month - 1 + n, 1) / DAY,
  }
}

/** Only the times in every nth period; those between are jumped over. */
function everyNth(times: Timetable, periods: Periods, interval: number, zone: string): Timetable {
  const search = (first: Date | undefined, onward: (period: number) => Date | undefined): Date | undefined => {
    let found = first
    for (let i = 0; i < MOST_JUMPS && found !== undefined; i++) {
      const period = periods.of(localDay(found, zone))
      if (period % interval === 0) return found
      found = onward(period)
    }
    return undefined
  }
  const startOf = (period: number): Date => startOfDay(periods.firstDay(period), zone)
  return {
    next: after =>
      search(times.next(after), period =>
        times.next(new Date(startOf(Math.ceil(period / interval) * interval).getTime() - 1)),
      ),
    previous: before =>
      search(times.previous(before), period => times.previous(startOf(Math.floor(period / interval) * interval + 1))),
  }
}

const endsBeforeStart = ({ start_time, end_time }: ScheduleTrigger): HaganeError =>
  new HaganeError('invalid', `trigger.end_time: ${end_time} is before the start`, {
    details: [
      {
        property: 'trigger.end_time',
        message: 'is before the start',
        sent: end_time,
        allowed: `after ${start_time ?? 'now, when the schedule starts'}`,
      },
    ],
    hint: 'choose a later end_time, or leave it out',
  })
