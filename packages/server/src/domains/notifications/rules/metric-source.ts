import { type MetricBound, secondsOfDuration } from '@hagane/contract'

interface Window {
  metric: string
  subject: string
  aggregation?: string | undefined
  since: string
  until: string
}

/** The value of a service metric over a time; undefined when nothing was measured. */
export type MetricSource = (workspace: string, asked: Window) => Promise<number | undefined>

/** What a rule asks of its metric at a time. */
export const windowOf = ({ metric, subject, aggregation, over }: MetricBound, at: number): Window => ({
  ...{ metric, subject, aggregation },
  since: new Date(at - secondsOfDuration(over) * 1000).toISOString(),
  until: new Date(at).toISOString(),
})
