import { histogramLines, type Labels, metricLines as lines, type MetricSample as Sample } from '@hagane/contract'
import type { DeploymentMetrics } from '../metrics/deployment-metrics.ts'
import { usageOf } from '../metrics/process-usage.ts'
import type { EndpointHost } from '../routing/endpoint-host.ts'
import type { Routing } from '../routing/routing.ts'
import type { RevisionServer } from '../serving/revision-server.ts'

interface Deployed {
  labels: Labels
  figures: DeploymentMetrics
  serving: RevisionServer
  all: readonly RevisionServer[]
}

/** Everything the gateway counts, in Prometheus' text format. Read when asked for; nothing is computed in between. */
export function gatewayMetrics(routing: Routing): string {
  const hosts = [...routing.hosts]
  const deployed = hosts.flatMap(deployedAt)
  return `${[...ofRequests(hosts, deployed), ...ofShadows(hosts), ...ofWorkers(deployed), ...ofItself()].join('\n')}\n`
}

const placeOf = ({ entry }: EndpointHost): Labels => ({ workspace: entry.workspace, endpoint: entry.name })

const deployedAt = (host: EndpointHost): Deployed[] =>
  [...host.slots].map(([name, slot]) => ({
    labels: { ...placeOf(host), deployment: name },
    figures: host.metrics.of(name),
    serving: slot.serving,
    all: slot.revisions,
  }))

function ofRequests(hosts: readonly EndpointHost[], deployed: readonly Deployed[]): string[] {
  const answered = deployed.flatMap(({ labels, figures }) =>
    [...figures.statuses].map(([status, count]): Sample => [{ ...labels, status }, count]),
  )
  const refused = hosts.flatMap(host =>
    [...host.metrics.refused].map(([status, count]): Sample => [{ ...placeOf(host), status }, count]),
  )
  return [
    ...lines(
      'hagane_requests_total',
      'counter',
      'Requests of a deployment by status; 499: the caller went away.',
      answered,
    ),
    ...lines('hagane_requests_refused_total', 'counter', 'Requests that reached no deployment, by status.', refused),
    ...histogramLines(
      'hagane_request_seconds',
      'From the whole request to its answer, refused ones left out.',
      deployed.map(({ labels, figures }) => [labels, figures.latency]),
    ),
    ...histogramLines(
      'hagane_queue_wait_seconds',
      'How long requests waited that found no free worker.',
      deployed.map(({ labels, figures }) => [labels, figures.wait]),
    ),
    ...histogramLines(
      'hagane_batch_size',
      'Requests that one predict call answered.',
      deployed.map(({ labels, figures }) => [labels, figures.batches]),
    ),
    ...lines(
      'hagane_queue_length',
      'gauge',
      'Requests that wait for a worker.',
      deployed.map(({ labels, serving }) => [labels, serving.waiting]),
    ),
    ...lines(
      'hagane_requests_open',
      'gauge',
      'Requests that wait or are being answered.',
      deployed.map(({ labels, serving }) => [labels, serving.open]),
    ),
  ]
}

function ofShadows(hosts: readonly EndpointHost[]): string[] {
  const counted = hosts.flatMap(host =>
    [...host.metrics.shadows.counts.values()].map(({ count, ...of }): Sample => [{ ...placeOf(host), ...of }, count]),
  )
  const help = 'Mirrored requests by whether the shadow answered the same bytes as live; failed: only the shadow did.'
  return lines('hagane_shadow_answers_total', 'counter', help, counted)
}

function ofWorkers(deployed: readonly Deployed[]): string[] {
  const sum = (all: readonly RevisionServer[], of: (one: RevisionServer) => number): number =>
    all.reduce((total, one) => total + of(one), 0)
  const used = deployed.map(({ labels, all }) => ({
    labels,
    usages: all.flatMap(one => one.pids).flatMap(pid => usageOf(pid) ?? []),
  }))
  return [
    ...lines(
      'hagane_workers',
      'gauge',
      'Workers that a deployment wants now.',
      deployed.map(({ labels, serving }) => [labels, serving.workers]),
    ),
    ...lines(
      'hagane_workers_ready',
      'gauge',
      'Workers that answer.',
      deployed.map(({ labels, serving }) => [labels, serving.workersReady]),
    ),
    ...lines(
      'hagane_worker_restarts_total',
      'counter',
      'Workers that ended unasked.',
      deployed.map(({ labels, all }) => [labels, sum(all, one => one.restarts)]),
    ),
    ...lines(
      'hagane_cold_starts_total',
      'counter',
      'Requests that found a sleeping deployment and woke it.',
      deployed.map(({ labels, figures }) => [labels, figures.coldStarts]),
    ),
    ...lines(
      'hagane_worker_cpu_seconds',
      'gauge',
      'Processor time of the workers that run.',
      used.map(({ labels, usages }) => [labels, usages.reduce((total, one) => total + one.cpuSeconds, 0)]),
    ),
    ...lines(
      'hagane_worker_memory_bytes',
      'gauge',
      'Resident memory of the workers that run.',
      used.map(({ labels, usages }) => [labels, usages.reduce((total, one) => total + one.residentBytes, 0)]),
    ),
  ]
}

function ofItself(): string[] {
  const { user, system } = process.cpuUsage()
  return [
    ...lines('process_cpu_seconds_total', 'counter', 'Processor time of the gateway.', [[{}, (user + system) / 1e6]]),
    ...lines('process_resident_memory_bytes', 'gauge', 'Resident memory of the gateway.', [
      [{}, process.memoryUsage.rss()],
    ]),
    ...lines('process_start_time_seconds', 'gauge', 'Start of the gateway, in seconds since 1970.', [
      [{}, performance.timeOrigin / 1000],
    ]),
  ]
}
