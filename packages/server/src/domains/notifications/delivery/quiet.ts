import { ianaZone, type QuietHours } from '@hagane/contract'

const HALF_A_DAY_MINUTES = 720

/** Day of the week and minute of the day as a clock in the zone shows them. */
function wallClock(at: Date, zone: string): { day: string; minute: number } {
  const parts = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, hourCycle: 'h23', weekday: 'long', hour: '2-digit', minute: '2-digit' },
  }).formatToParts(at)
  const of = (type: string) => parts.find(part => part.type === type)?.value ?? ''
  return { day: of('weekday').toLowerCase(), minute: Number(of('hour')) * 60 + Number(of('minute')) }
}

const minuteOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))

/** Whether it is quiet. Hours that end on the next day belong to the day on which they begin. */
export function isQuiet({ time_zone, from, to, days }: QuietHours, at: Date): boolean {
  const zone = ianaZone(time_zone) ?? 'UTC'
  const { day, minute } = wallClock(at, zone)
  const [begin, end] = [minuteOf(from), minuteOf(to)]
  const isOn = (name: string) => days === undefined || days.some(one => one === name)
  if (begin < end) return minute >= begin && minute < end && isOn(day)
  if (minute >= begin) return isOn(day)
  // the day before, looked at in its middle: a change of the clock does not move that into another day
  const yesterday = wallClock(new Date(at.getTime() - (minute + HALF_A_DAY_MINUTES) * 60_000), zone).day
  return minute < end && isOn(yesterday)
}
