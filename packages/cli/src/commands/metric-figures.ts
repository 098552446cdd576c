import { type MetricSeries, serviceMetricOf, serviceMetricRoutes } from '@hagane/contract'
import { text } from '../grammar/flags.ts'
import type { Invocation } from '../invocation.ts'
import { measureText, sparkline } from '../output/sparkline.ts'
import type { Column } from '../output/table.ts'
import { periodFlags, periodOf } from './time-flags.ts'

/** A metric, and how it is put together. */
export type Figure = readonly [metric: string, aggregation?: string]

export const metricPeriodFlags = {
  since: text('--since <time>', 'from this time: 2026-11-23T22:00:00Z, 2026-11-23, or 2h ago as 2h (default: 1h)'),
  until: periodFlags.until,
  step: text('--step <duration>', 'length of a step, e.g. 10s, 5m, 1h (default: about 120 steps)'),
}
export interface Period {
  since: string | undefined
  until: string | undefined
  step: string | undefined
}

/** Service metrics of one subject over a period. */
export function figuresOf(
  call: Invocation,
  subject: string,
  figures: readonly Figure[],
  period: Period,
): Promise<MetricSeries[]> {
  const { step } = period
  const common = { subject, ...periodOf(period), ...(step === undefined ? {} : { step }) }
  return Promise.all(
    figures.map(([metric, aggregation]) => {
      const query = { metric, ...common, ...(aggregation === undefined ? {} : { aggregation }) }
      return call.client.call(serviceMetricRoutes.query, { query })
    }),
  )
}

const lastOf = ({ points }: MetricSeries): number | null =>
  points.findLast(({ value }) => value !== null)?.value ?? null

export const figureColumns: readonly Column<MetricSeries>[] = [
  ['Metric', series => series.metric],
  ['Aggregation', series => series.aggregation],
  ['Value', series => measureText(series.value, series.unit)],
  ['Last', series => measureText(lastOf(series), series.unit)],
  ['OverTime', series => sparkline(series.points.map(({ value }) => value))],
]

/** What is looked at first of a deployment or an endpoint. */
export const servingFigures: readonly Figure[] = [
  ['requests', 'rate'],
  ['requests', 'total'],
  ['errors', 'total'],
  ['client_errors', 'total'],
  ['error_rate'],
  ['latency', 'p50'],
  ['latency', 'p95'],
  ['latency', 'p99'],
  ['queue_wait', 'p95'],
  ['queue_length', 'maximum'],
  ['requests_open', 'average'],
  ['batch_size', 'average'],
  ['workers', 'last'],
  ['workers_ready', 'minimum'],
  ['worker_restarts', 'total'],
  ['cold_starts', 'total'],
  ['cpu_cores', 'average'],
  ['memory_bytes', 'maximum'],
]

/** The metrics that a subject and what stands below it have; parts are told as the whole. */
export async function metricsOf(call: Invocation, subject: string): Promise<Figure[]> {
  const { items } = await call.client.call(serviceMetricRoutes.subjects, { query: { subject, limit: 1000 } })
  const names = new Set(items.flatMap(({ metrics }) => metrics.map(name => name.split('/')[0] as string)))
  return [...names].filter(name => serviceMetricOf(name) !== undefined).map(name => [name])
}
