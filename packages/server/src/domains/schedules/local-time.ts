import { CronDate } from 'croner'

/** An instant as a clock on the wall shows it; `month` from 1. */
export interface LocalDay {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  formats.set(zone, made)
  return made
}

/** Date and time of an instant in an IANA zone. */
export function localDay(at: Date, zone: string): LocalDay {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts
  return { year, month, day, hour, minute, second }
}

/** Days since 1970-01-01, by the calendar alone. */
export const dayNumber = ({ year, month, day }: LocalDay): number => Date.UTC(year, month - 1, day) / 86_400_000

/** 0 is Sunday. */
export const weekdayNumber = ({ year, month, day }: LocalDay): number =>
  new Date(Date.UTC(year, month - 1, day)).getUTCDay()

const two = (value: number): string => String(value).padStart(2, '0')

/** `2026-07-10T10:00:00`, as a clock in the zone shows it. */
export function localText(at: Date, zone: string): string {
  const { year, month, day, hour, minute, second } = localDay(at, zone)
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}`
}

/**
 * The instant of `2026-07-10T10:00:00` in a zone; with `Z` or an offset that decides. A time that a change of the clock
 * leaves out counts on from before the change, one that happens twice means the first.
 */
export function instantOf(text: string, zone: string): Date {
  const whole = (text.length === 10 ? `${text}T00:00:00` : text).replace(' ', 'T').replace(/\.\d+/, '')
  if (/(?:Z|[+-]\d{2}:\d{2})$/.test(whole)) return new Date(whole)
  return new CronDate(whole, zone).getDate()
}

/** The first moment of a day in a zone. */
export const startOfDay = (day: number, zone: string): Date =>
  instantOf(new Date(day * 86_400_000).toISOString().slice(0, 10), zone)
