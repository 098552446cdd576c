import { histogramLines, type MetricSample, metricLines } from '@hagane/contract'
import type { JobUsage } from './job-usage.ts'
import type { OwnCounters } from './own-counters.ts'

/** Readings whose names end in `/<part>`, with the part as a label. */
const byPart = (gauges: Record<string, number>, metric: string, label: string): MetricSample[] =>
  Object.entries(gauges).flatMap(([name, value]): MetricSample[] =>
    name.startsWith(`${metric}/`) ? [[{ [label]: name.slice(metric.length + 1) }, value]] : [],
  )

/** What this server tells Prometheus, in its text format; `gauges` as they stand now. */
export function serverPage(
  counters: OwnCounters,
  gauges: Record<string, number>,
  usage: JobUsage,
  now: number,
): string {
  const plain = (name: string): MetricSample[] => (gauges[name] === undefined ? [] : [[{}, gauges[name]]])
  const statuses = [...counters.statuses].map(([status, count]): MetricSample => [{ status }, count])
  const lines = [
    ...metricLines('hagane_api_requests_total', 'counter', 'Calls of the API by status.', statuses),
    ...histogramLines('hagane_api_request_seconds', 'Calls of the API, streams and those that wait left out.', [
      [{}, counters.latency],
    ]),
    ...histogramLines('hagane_database_seconds', 'Transactions, from asking to the commit.', [[{}, counters.database]]),
    ...metricLines(
      'hagane_event_lag',
      'gauge',
      'Events that a consumer has not handled yet.',
      byPart(gauges, 'event_lag', 'consumer'),
    ),
    ...metricLines(
      'hagane_tasks_waiting',
      'gauge',
      'Tasks that are due and wait.',
      byPart(gauges, 'tasks_waiting', 'kind'),
    ),
    ...metricLines('hagane_tasks_running', 'gauge', 'Tasks in progress.', byPart(gauges, 'tasks_running', 'kind')),
    ...metricLines('hagane_disk_free_bytes', 'gauge', 'Room left for the data folder.', plain('disk_free_bytes')),
    ...metricLines(
      'hagane_machine_memory_bytes',
      'gauge',
      'Memory in use on the machine.',
      plain('machine_memory_bytes'),
    ),
    ...ofGpus(gauges),
    ...ofComputes(usage, now),
    ...ofProcess(),
  ]
  return `${lines.join('\n')}\n`
}

const ofGpus = (gauges: Record<string, number>): string[] => [
  ...metricLines(
    'hagane_gpu_utilization',
    'gauge',
    'Share of the time that a GPU computes.',
    byPart(gauges, 'gpu_utilization', 'device'),
  ),
  ...metricLines(
    'hagane_gpu_memory_bytes',
    'gauge',
    'Memory in use on a GPU.',
    byPart(gauges, 'gpu_memory_bytes', 'device'),
  ),
]

function ofComputes(usage: JobUsage, now: number): string[] {
  const computes = usage.computes(now)
  const samples = (name: string): MetricSample[] =>
    computes.map(({ workspace, compute, gauges }) => [{ workspace, compute }, gauges[name] ?? 0])
  return [
    ...metricLines('hagane_compute_jobs', 'gauge', 'Steps that run and are measured.', samples('jobs_running')),
    ...metricLines('hagane_compute_cpu_cores', 'gauge', 'Cores that the steps of a compute use.', samples('cpu_cores')),
    ...metricLines('hagane_compute_memory_bytes', 'gauge', 'Memory that they use.', samples('memory_bytes')),
  ]
}

function ofProcess(): string[] {
  const { user, system } = process.cpuUsage()
  const started = performance.timeOrigin / 1000
  return [
    ...metricLines('process_cpu_seconds_total', 'counter', 'Processor time of the server.', [
      [{}, (user + system) / 1e6],
    ]),
    ...metricLines('process_resident_memory_bytes', 'gauge', 'Resident memory of the server.', [
      [{}, process.memoryUsage.rss()],
    ]),
    ...metricLines('process_start_time_seconds', 'gauge', 'Start of the server, in seconds since 1970.', [
      [{}, started],
    ]),
  ]
}
