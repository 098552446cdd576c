import type { DataWindow, ScheduleTrigger } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { pastWindow, productionWindow } from './windows.ts'

const moment = new Date('2026-03-31T03:15:00Z')
const every = (frequency: 'minute' | 'hour' | 'day' | 'week' | 'month', interval = 1): ScheduleTrigger => ({
  ...{ type: 'recurrence', frequency, interval, time_zone: 'UTC' },
})
const text = ({ start, end, rows }: { start: Date; end: Date; rows?: number }) =>
  [start.toISOString().slice(0, 16), end.toISOString().slice(0, 16), ...(rows === undefined ? [] : [rows])].join(' ')
const window = (data_window: DataWindow) => ({ data_window })

describe('the window of production', () => {
  it.each<[string, ScheduleTrigger, DataWindow, string]>([
    ['is as long as the time between two runs', every('day', 7), {}, '2026-03-24T03:15 2026-03-31T03:15'],
    ['follows the calendar', every('month'), {}, '2026-02-28T03:15 2026-03-31T03:15'],
    ['may be a minute', every('minute'), {}, '2026-03-31T03:14 2026-03-31T03:15'],
    [
      'of a cron expression is the time to the run before',
      { type: 'cron', expression: '15 3 * * 1-5', time_zone: 'UTC' },
      {},
      '2026-03-30T03:15 2026-03-31T03:15',
    ],
    [
      'has the size and offset that are said',
      every('day'),
      { lookback_window_size: 'P5D', lookback_window_offset: 'P2D' },
      '2026-03-24T03:15 2026-03-29T03:15',
    ],
    [
      'takes default for an answer',
      every('hour'),
      { lookback_window_size: 'default' },
      '2026-03-31T02:15 2026-03-31T03:15',
    ],
    [
      'may be fixed',
      every('day'),
      { window_start: '2026-01-01', window_end_date: '2026-02-01' },
      '2026-01-01T00:00 2026-02-01T00:00',
    ],
    ['may count rows', every('day'), { rows: 500 }, '2025-12-31T03:15 2026-03-31T03:15 500'],
  ])('%s', (_, trigger, data, expected) => {
    expect(text(productionWindow(window(data), trigger, moment))).toBe(expected)
  })
})

describe('the window of past production', () => {
  const production = productionWindow(undefined, every('day'), moment)
  it.each<[string, DataWindow, string]>([
    ['is seven windows that end two windows before', {}, '2026-03-22T03:15 2026-03-29T03:15'],
    [
      'has what is said',
      { lookback_window_size: 'P30D', lookback_window_offset: 'P7D' },
      '2026-02-22T03:15 2026-03-24T03:15',
    ],
    [
      'may be fixed',
      { window_start_date: '2026-01-01', window_end_date: '2026-01-31' },
      '2026-01-01T00:00 2026-01-31T00:00',
    ],
  ])('%s', (_, data, expected) => {
    expect(text(pastWindow(window(data), production, moment))).toBe(expected)
  })
})
