import { expect, it } from 'vitest'
import { decide, MOST_CAUGHT_UP, PUNCTUAL_MS } from './due.ts'
import { timetableOf } from './timetable.ts'

const times = timetableOf(
  { type: 'cron', expression: '*/10 * * * *', time_zone: 'UTC' },
  new Date('2026-01-01T00:00:00Z'),
)
const at = (text: string) => new Date(`2026-07-10T${text}:00.000Z`)

it('runs a time that is due, whatever the policy', () => {
  for (const policy of ['none', 'latest', 'all'] as const)
    expect(decide(times, at('10:10'), at('10:11'), policy)).toEqual({ run: at('10:10'), next: at('10:20') })
})

it('none leaves out what is late, unless it is so little late that the server only restarted', () => {
  expect(decide(times, at('10:10'), at('10:35'), 'none')).toEqual({
    skipped: { from: at('10:10'), to: at('10:30') },
    next: at('10:40'),
  })
  expect(decide(times, at('10:10'), at('10:31'), 'none')).toEqual({
    run: at('10:30'),
    skipped: { from: at('10:10'), to: at('10:20') },
    next: at('10:40'),
  })
  const tooLate = new Date(at('10:10').getTime() + PUNCTUAL_MS + 1)
  expect(decide(times, at('10:10'), tooLate, 'none').run).toBeUndefined()
})

it('latest runs the newest and tells which it left out', () => {
  expect(decide(times, at('10:10'), at('10:35'), 'latest')).toEqual({
    run: at('10:30'),
    skipped: { from: at('10:10'), to: at('10:20') },
    next: at('10:40'),
  })
})

it('all runs one after the other', () => {
  expect(decide(times, at('10:10'), at('10:35'), 'all')).toEqual({ run: at('10:10'), next: at('10:20') })
})

it('all runs no more than the newest hundred', () => {
  const { run, skipped, next } = decide(times, at('00:00'), new Date('2026-07-12T00:05:00Z'), 'all')
  let count = 1
  for (let time = next; time !== undefined && time <= new Date('2026-07-12T00:05:00Z'); time = times.next(time)) count++
  expect(count).toBe(MOST_CAUGHT_UP)
  expect(skipped).toEqual({ from: at('00:00'), to: times.previous(run as Date) })
})

it('says so when no time is left', () => {
  const ended = timetableOf(
    { type: 'cron', expression: '*/10 * * * *', time_zone: 'UTC', end_time: '2026-07-10T10:10:00' },
    new Date('2026-01-01T00:00:00Z'),
  )
  expect(decide(ended, at('10:10'), at('10:10'), 'latest')).toEqual({ run: at('10:10') })
})

it('never goes back when the clock of the machine does', () => {
  expect(decide(times, at('10:10'), at('09:00'), 'latest').run).toEqual(at('10:10'))
})
