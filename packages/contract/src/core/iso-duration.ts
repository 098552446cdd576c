import { z } from 'zod'

const pattern =
  /^P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?$/

/** Years, months, weeks, days, hours, minutes, seconds. */
type Parts = [number, number, number, number, number, number, number]

function partsOf(text: string): Parts | undefined {
  const match = pattern.exec(text)
  if (match === null || text.endsWith('P') || text.endsWith('T')) return undefined
  return match.slice(1).map(part => Number(part ?? 0)) as Parts
}

/** An ISO 8601 duration: PT1M, PT1H, P1D, P7D, P1M. */
export const isoDuration = z
  .string()
  .refine(text => partsOf(text) !== undefined, 'an ISO 8601 duration such as PT1M, PT1H, P1D or P30D')

/**
 * The time that lies a duration before another, in UTC: months and years by the calendar, the last day of a shorter month where
 * the day is missing. `times` repeats it. Throws a RangeError for what is no duration.
 */
export function before(time: Date, duration: string, times = 1): Date {
  const parts = partsOf(duration)
  if (parts === undefined) throw new RangeError(`no ISO 8601 duration: ${duration}`)
  const [years, months, weeks, days, hours, minutes, seconds] = parts
  const back = (years * 12 + months) * times
  const moved = new Date(time)
  moved.setUTCDate(1)
  moved.setUTCMonth(moved.getUTCMonth() - back)
  const last = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0)).getUTCDate()
  moved.setUTCDate(Math.min(time.getUTCDate(), last))
  const rest = (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds
  return new Date(moved.getTime() - rest * 1000 * times)
}
