import { parseOrThrow, scheduleTrigger } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { timetableOf } from './timetable.ts'

const table = (trigger: object, created = '2022-01-01T00:00:00Z') =>
  timetableOf(parseOrThrow(scheduleTrigger, trigger, 'trigger'), new Date(created))

/** The first `n` times after a moment, to the minute; going back over them must give the same. */
function times(trigger: object, after: string, n: number, created?: string): string[] {
  const { next, previous } = table(trigger, created)
  const found: Date[] = []
  for (let at = next(new Date(after)); at !== undefined && found.length < n; at = next(at)) found.push(at)
  const last = found.at(-1)
  if (last !== undefined) {
    const back: Date[] = []
    for (let at = previous(new Date(last.getTime() + 1)); back.length < found.length; at = previous(at as Date))
      back.unshift(at as Date)
    expect(back).toEqual(found)
  }
  return found.map(time => time.toISOString().replace(':00.000Z', 'Z'))
}

const pacific = { time_zone: 'Pacific Standard Time' }
const daily = (pattern: object) => ({ type: 'recurrence', frequency: 'day', interval: 1, ...pattern })

describe('a cron trigger', () => {
  it('is read in its time zone, by Windows or IANA name, UTC by default', () => {
    const hourly = { type: 'cron', expression: '30 2 * * *' }
    expect(times(hourly, '2026-07-10T00:00:00Z', 1)).toEqual(['2026-07-10T02:30Z'])
    expect(times({ ...hourly, ...pacific }, '2026-07-10T00:00:00Z', 1)).toEqual(['2026-07-10T09:30Z'])
    const tokyo = { ...hourly, time_zone: 'Asia/Tokyo' }
    expect(times(tokyo, '2026-07-10T00:00:00Z', 1)).toEqual(['2026-07-10T17:30Z'])
  })

  it('begins at a start that is local to the zone and stops at its end, both included', () => {
    const trigger = {
      type: 'cron',
      expression: '0 * * * *',
      start_time: '2026-07-10T10:00:00',
      end_time: '2026-07-10 12:00',
      ...pacific,
    }
    expect(times(trigger, '2026-01-01T00:00:00Z', 9)).toEqual([
      '2026-07-10T17:00Z',
      '2026-07-10T18:00Z',
      '2026-07-10T19:00Z',
    ])
    expect(table(trigger).previous(new Date('2026-07-10T17:00:00Z'))).toBeUndefined()
  })

  it.each(['2026-07-10T17:00:00Z', '2026-07-11T02:00:00+09:00'])('takes a start with an offset as it is: %s', start => {
    const trigger = { type: 'cron', expression: '0 * * * *', start_time: start, ...pacific }
    expect(times(trigger, '2026-01-01T00:00:00Z', 1)).toEqual(['2026-07-10T17:00Z'])
  })

  it('knows months, weekdays, lists, ranges, steps and the last day', () => {
    const at = (expression: string, n = 3) => times({ type: 'cron', expression }, '2026-01-01T00:00:00Z', n)
    expect(at('0 6 * * mon-fri')).toEqual(['2026-01-01T06:00Z', '2026-01-02T06:00Z', '2026-01-05T06:00Z'])
    expect(at('0 0 L * *')).toEqual(['2026-01-31T00:00Z', '2026-02-28T00:00Z', '2026-03-31T00:00Z'])
    expect(at('10-50/20 8 1 2,8 *')).toEqual(['2026-02-01T08:10Z', '2026-02-01T08:30Z', '2026-02-01T08:50Z'])
    expect(at('0 0 * * 7', 1)).toEqual(at('0 0 * * 0', 1))
  })
})

describe('where the clock changes', () => {
  // in the zone of Los Angeles 2026-03-08 has no 02:00 to 03:00, and 2026-11-01 has 01:00 to 02:00 twice
  it('runs at the first moment after the gap what the gap swallows, and only once', () => {
    const cron = { type: 'cron', expression: '30 2 * * *', ...pacific }
    expect(times(cron, '2026-03-07T12:00:00Z', 2)).toEqual(['2026-03-08T10:00Z', '2026-03-09T09:30Z'])
    const pattern = daily({ schedule: { hours: [2, 3], minutes: [0, 30] }, ...pacific })
    expect(times(pattern, '2026-03-07T12:00:00Z', 3)).toEqual([
      '2026-03-08T10:00Z',
      '2026-03-08T10:30Z',
      '2026-03-09T09:00Z',
    ])
  })

  it('runs a time that happens twice the first time only', () => {
    const cron = { type: 'cron', expression: '30 1 * * *', ...pacific }
    expect(times(cron, '2026-10-31T12:00:00Z', 2)).toEqual(['2026-11-01T08:30Z', '2026-11-02T09:30Z'])
    const pattern = daily({ schedule: { hours: [1, 4], minutes: 0 }, ...pacific })
    expect(times(pattern, '2026-10-31T12:00:00Z', 2)).toEqual(['2026-11-01T08:00Z', '2026-11-01T12:00Z'])
  })

  it('keeps wildcards, hours and minutes to real time: no hour is left out or doubled', () => {
    const hours = ['2026-11-01T08:00Z', '2026-11-01T09:00Z', '2026-11-01T10:00Z']
    expect(times({ type: 'cron', expression: '0 * * * *', ...pacific }, '2026-11-01T07:30:00Z', 3)).toEqual(hours)
    const recurrence = {
      type: 'recurrence',
      frequency: 'hour',
      interval: 1,
      start_time: '2026-10-31T00:00:00',
      ...pacific,
    }
    expect(times(recurrence, '2026-11-01T07:30:00Z', 3)).toEqual(hours)
  })

  it('keeps a recurrence by days to its local hour', () => {
    const trigger = { type: 'recurrence', frequency: 'day', interval: 3, start_time: '2026-03-04T06:00:00', ...pacific }
    expect(times(trigger, '2026-01-01T00:00:00Z', 3)).toEqual([
      '2026-03-04T14:00Z',
      '2026-03-07T14:00Z',
      '2026-03-10T13:00Z',
    ])
  })

  it('survives a day that a zone left out altogether', () => {
    const apia = { type: 'cron', expression: '0 0 * * *', time_zone: 'Pacific/Apia', start_time: '2011-12-01' }
    expect(times(apia, '2011-12-29T11:00:00Z', 2)).toEqual(['2011-12-30T10:00Z', '2011-12-31T10:00Z'])
  })
})

describe('a recurrence', () => {
  it('runs every combination of hours and minutes', () => {
    const trigger = daily({
      schedule: { hours: [4, 5, 10, 11, 12], minutes: [0, 30] },
      start_time: '2022-07-10T10:00:00',
      ...pacific,
    })
    expect(times(trigger, '2022-07-01T00:00:00Z', 8)).toEqual(
      [...['10T17:00', '10T17:30', '10T18:00', '10T18:30', '10T19:00', '10T19:30'], ...['11T11:00', '11T11:30']].map(
        time => `2022-07-${time}Z`,
      ),
    )
  })

  it('takes one value for a list', () => {
    const trigger = daily({ schedule: { hours: 4, minutes: 15 } })
    expect(times(trigger, '2026-01-01T00:00:00Z', 1)).toEqual(['2026-01-01T04:15Z'])
  })

  it('without a pattern counts from its start, which is the minute of its creation by default', () => {
    const every = { type: 'recurrence', frequency: 'minute', interval: 20 }
    expect(times(every, '2026-01-01T08:07:30Z', 2, '2026-01-01T08:07:30Z')).toEqual([
      '2026-01-01T08:27Z',
      '2026-01-01T08:47Z',
    ])
  })

  it('counts weeks from the Monday of its start', () => {
    const trigger = {
      ...{ type: 'recurrence', frequency: 'week', interval: 2, start_time: '2026-03-04T10:00:00' },
      schedule: { hours: 9, minutes: 0, week_days: ['monday', 'friday'] },
    }
    expect(times(trigger, '2026-01-01T00:00:00Z', 4)).toEqual([
      '2026-03-06T09:00Z',
      '2026-03-16T09:00Z',
      '2026-03-20T09:00Z',
      '2026-03-30T09:00Z',
    ])
  })

  it('by month leaves out months without the day', () => {
    const trigger = { type: 'recurrence', frequency: 'month', interval: 1, start_time: '2026-01-31T10:00:00' }
    expect(times(trigger, '2026-01-01T00:00:00Z', 3)).toEqual([
      '2026-01-31T10:00Z',
      '2026-03-31T10:00Z',
      '2026-05-31T10:00Z',
    ])
    const days = { ...trigger, interval: 2, schedule: { hours: 1, minutes: 0, month_days: [1, 31] } }
    expect(times(days, '2026-02-01T00:00:00Z', 3)).toEqual([
      '2026-03-01T01:00Z',
      '2026-03-31T01:00Z',
      '2026-05-01T01:00Z',
    ])
  })

  it('finds far times without counting through all between, and tells that none comes', () => {
    const rare = { type: 'recurrence', frequency: 'day', interval: 100_000, start_time: '2024-02-28T10:00:00' }
    expect(times(rare, '2026-01-01T00:00:00Z', 1)).toEqual(['2297-12-13T10:00Z'])
    const never = {
      ...{ type: 'recurrence', frequency: 'month', interval: 12, start_time: '2024-02-28T10:00:00' },
      schedule: { hours: 1, minutes: 0, month_days: 30 },
    }
    expect(times(never, '2026-01-01T00:00:00Z', 1)).toEqual([])
  })
})

it('refuses an end before the start', () => {
  const trigger = {
    type: 'cron',
    expression: '0 * * * *',
    start_time: '2026-07-10T10:00:00',
    end_time: '2026-07-10T09:59:00',
  }
  expect(() => table(trigger)).toThrow('trigger.end_time: 2026-07-10T09:59:00 is before the start')
})

describe('a trigger is refused', () => {
  const fault = (trigger: object) => () => parseOrThrow(scheduleTrigger, trigger, 'trigger')
  it.each([
    ['0 * * *', 'five fields'],
    ['0 0 0 * * *', 'five fields'],
    ['60 * * * *', "'60' is not a minute"],
    ['0 5-1 * * *', "'5-1' is not a hour"],
    ['*/0 * * * *', "'*/0' is not a minute"],
    ['0 0 L 13 *', "'13' is not a month"],
    ['0 0 * * fun', "'fun' is not a day of week"],
    ['', 'five fields'],
  ])('for the expression %j', (expression, message) => {
    expect(fault({ type: 'cron', expression })).toThrow(message)
  })

  it.each([
    [{ frequency: 'hour', schedule: { hours: 1, minutes: 0 } }, 'has no schedule'],
    [{ frequency: 'week', schedule: { hours: 1, minutes: 0, month_days: 1 } }, 'needs frequency: month'],
    [
      { frequency: 'month', schedule: { hours: 1, minutes: 0, month_days: 1, week_days: 'monday' } },
      'exclude each other',
    ],
    [{ frequency: 'day', start_time: '2026-02-30T00:00:00' }, 'not a date and time'],
    [{ frequency: 'day', time_zone: '+09:00' }, 'not a time zone'],
    [{ frequency: 'day', time_zone: 'Pacfic Standard Time' }, 'not a time zone'],
  ])('for the recurrence %j', (recurrence, message) => {
    expect(fault({ type: 'recurrence', interval: 1, ...recurrence })).toThrow(message)
  })
})
