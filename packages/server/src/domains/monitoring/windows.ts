import { before, type DataWindow, type MonitorData, type ScheduleTrigger } from '@hagane/contract'
import { timetableOf } from '../schedules/index.ts'

/** From a moment, included, to another, excluded; or the newest rows before the end. */
export interface Window {
  readonly start: Date
  readonly end: Date
  readonly rows?: number
}

/** How far newest rows are looked for. */
const FAR = 'P90D'
/** Past production is this many windows long unless its size is said, and ends two windows before now, as in Azure ML. */
const PAST_WINDOWS = 7
const PAST_OFFSET = 2

const windowOf = (data: MonitorData | undefined): DataWindow => ({
  ...(data?.data_window_size === undefined ? {} : { lookback_window_size: data.data_window_size }),
  ...data?.data_window,
})

const said = (text: string | undefined): string | undefined => (text === 'default' ? undefined : text)

/** The window that production is judged in at a moment. Its size is the time between two runs unless it is said. */
export function productionWindow(data: MonitorData | undefined, trigger: ScheduleTrigger, moment: Date): Window {
  const window = windowOf(data)
  const end = fixed(window, 'end') ?? before(moment, said(window.lookback_window_offset) ?? 'P0D')
  if (window.rows !== undefined) return { start: before(end, FAR), end, rows: window.rows }
  const start = fixed(window, 'start')
  if (start !== undefined) return { start, end }
  const size = said(window.lookback_window_size)
  return { start: size === undefined ? new Date(end.getTime() - period(trigger, moment)) : before(end, size), end }
}

/** The window of past production that a window is compared with. */
export function pastWindow(data: MonitorData | undefined, production: Window, moment: Date): Window {
  const window = windowOf(data)
  const length = production.end.getTime() - production.start.getTime()
  const offset = said(window.lookback_window_offset)
  const end =
    fixed(window, 'end') ??
    (offset === undefined ? new Date(production.end.getTime() - PAST_OFFSET * length) : before(moment, offset))
  const start = fixed(window, 'start')
  if (start !== undefined) return { start, end }
  const size = said(window.lookback_window_size)
  return { start: size === undefined ? new Date(end.getTime() - PAST_WINDOWS * length) : before(end, size), end }
}

function fixed(window: DataWindow, side: 'start' | 'end'): Date | undefined {
  const text = window[`window_${side}`] ?? window[`window_${side}_date`]
  return text === undefined ? undefined : new Date(text)
}

const FREQUENCY = { minute: 'PT1M', hour: 'PT1H', day: 'P1D', week: 'P7D', month: 'P1M' } as const
const DAY = 86_400_000

/** Milliseconds between a moment and the time before it. */
function period(trigger: ScheduleTrigger, moment: Date): number {
  if (trigger.type === 'recurrence')
    return moment.getTime() - before(moment, FREQUENCY[trigger.frequency], trigger.interval).getTime()
  const times = timetableOf({ ...trigger, start_time: '1970-01-01T00:00:00Z', end_time: undefined }, moment)
  const last = times.previous(new Date(moment.getTime() + 1))
  const earlier = last === undefined ? undefined : times.previous(last)
  return last === undefined || earlier === undefined ? DAY : last.getTime() - earlier.getTime()
}
