import { type ServiceSample, type SubjectFigures, sparse } from '@hagane/contract'
import type { DeploymentMetrics } from '../metrics/deployment-metrics.ts'
import type { EndpointMetrics } from '../metrics/endpoint-metrics.ts'
import { usageOf } from '../metrics/process-usage.ts'
import { ulid } from '../predictions/ulid.ts'
import type { EndpointHost } from '../routing/endpoint-host.ts'
import type { DeploymentSlot } from '../serving/deployment-slot.ts'
import type { RevisionServer } from '../serving/revision-server.ts'

interface Source {
  hosts: Iterable<EndpointHost>
  closing: Iterable<EndpointHost>
}

/** An endpoint as it was seen, kept beyond its end until its last figures have arrived. */
interface Seen {
  workspace: string
  endpoint: string
  metrics: EndpointMetrics
  since: string
  restarts: Map<string, number>
  /** The first sample after its end. */
  endedWith?: number
}

const byStatus = (statuses: ReadonlyMap<number, number>): Record<string, number> =>
  Object.fromEntries([...statuses].map(([status, count]) => [`requests/${status}`, count]))

/** Reads what the gateway has counted, for the control plane and for a collector. Costs requests nothing. */
export class ServiceSampler {
  readonly id: string
  readonly #routing: Source
  readonly #connections: () => Promise<number>
  readonly #since = ulid(Date.now())
  readonly #seen = new Map<EndpointMetrics, Seen>()
  readonly #restarts = new WeakMap<RevisionServer, number>()
  #processor = new Map<number, number>()
  #own = process.cpuUsage()
  #at = performance.now()
  #seq = 0

  /** `id` of this gateway stays the same over restarts. */
  constructor(id: string, routing: Source, connections: () => Promise<number>) {
    this.id = id
    this.#routing = routing
    this.#connections = connections
  }

  /** The next sample; it covers the time since the one before, or since the gateway began. */
  async next(): Promise<ServiceSample> {
    const connections = await this.#connections()
    const now = performance.now()
    const seconds = Math.max(0.001, (now - this.#at) / 1000)
    this.#at = now
    const slots = this.look()
    this.#seq += 1
    const used = new Map<number, number>()
    const endpoints = [...this.#seen.values()]
      .sort((a, b) => Number(a.endedWith === undefined) - Number(b.endedWith === undefined))
      .flatMap(seen => this.#ofEndpoint(seen, slots.get(seen.metrics), used, seconds))
    this.#processor = used
    const own = this.#ofGateway(connections, seconds)
    return { seq: this.#seq, time: new Date().toISOString(), seconds, subjects: [own, ...endpoints] }
  }

  /** A sample has arrived: endpoints that were over by then are not told again. */
  taken(seq: number): void {
    for (const [metrics, { endedWith }] of this.#seen)
      if (endedWith !== undefined && endedWith <= seq) this.#seen.delete(metrics)
  }

  /** Notes which endpoints there are, and which have ended; answers the deployments that serve. For each new table. */
  look(): Map<EndpointMetrics, ReadonlyMap<string, DeploymentSlot>> {
    const slots = new Map<EndpointMetrics, ReadonlyMap<string, DeploymentSlot>>()
    for (const host of [...this.#routing.closing, ...this.#routing.hosts]) {
      const { entry, metrics } = host
      slots.set(metrics, host.slots)
      const { workspace, name: endpoint } = entry
      if (!this.#seen.has(metrics))
        this.#seen.set(metrics, { workspace, endpoint, metrics, since: ulid(Date.now()), restarts: new Map() })
    }
    for (const seen of this.#seen.values()) if (!slots.has(seen.metrics)) seen.endedWith ??= this.#seq + 1
    return slots
  }

  #ofEndpoint(
    seen: Seen,
    slots: ReadonlyMap<string, DeploymentSlot> | undefined,
    used: Map<number, number>,
    seconds: number,
  ): SubjectFigures[] {
    const { workspace, endpoint, since, metrics } = seen
    const subject = `endpoint/${endpoint}`
    const refused = { workspace, subject, since, counters: byStatus(metrics.refused), gauges: {}, histograms: {} }
    const names = new Set([...[...metrics.deployments].map(([name]) => name), ...(slots?.keys() ?? [])])
    const deployments = [...names].map(name => {
      const slot = slots?.get(name)
      const gauges = slot === undefined ? {} : { ...lineOf(slot), ...this.#usage(slot, used, seconds) }
      this.#countRestarts(seen.restarts, name, slot)
      const figures = metrics.of(name)
      const counters = {
        ...byStatus(figures.statuses),
        ...shadowsOf(metrics, name),
        cold_starts: figures.coldStarts,
        worker_restarts: seen.restarts.get(name) ?? 0,
      }
      const place = { workspace, subject: `${subject}/deployment/${name}`, since }
      return { ...place, counters, gauges, histograms: spreadsOf(figures) }
    })
    return [refused, ...deployments]
  }

  /** Each revision counts for itself; the sum goes on rising when one leaves. */
  #countRestarts(totals: Map<string, number>, name: string, slot: DeploymentSlot | undefined): void {
    for (const revision of slot?.revisions ?? []) {
      const risen = revision.restarts - (this.#restarts.get(revision) ?? 0)
      this.#restarts.set(revision, revision.restarts)
      totals.set(name, (totals.get(name) ?? 0) + risen)
    }
  }

  /** Of the workers that run; one that has just started has no processor time yet. */
  #usage(slot: DeploymentSlot, used: Map<number, number>, seconds: number): Record<string, number> {
    let cpu = 0
    let memory = 0
    let known = false
    for (const pid of slot.revisions.flatMap(one => one.pids)) {
      const usage = usageOf(pid)
      if (usage === undefined) continue
      known = true
      used.set(pid, usage.cpuSeconds)
      cpu += Math.max(0, usage.cpuSeconds - (this.#processor.get(pid) ?? usage.cpuSeconds))
      memory += usage.residentBytes
    }
    return known ? { cpu_cores: cpu / seconds, memory_bytes: memory } : {}
  }

  #ofGateway(connections: number, seconds: number): SubjectFigures {
    const { user, system } = process.cpuUsage(this.#own)
    this.#own = process.cpuUsage()
    const gauges = { connections, cpu_cores: (user + system) / 1e6 / seconds, memory_bytes: process.memoryUsage.rss() }
    const place = { workspace: '', subject: `gateway/${this.id}`, since: this.#since }
    return { ...place, counters: {}, gauges, histograms: {} }
  }
}

const lineOf = ({ serving }: DeploymentSlot): Record<string, number> => ({
  queue_length: serving.waiting,
  requests_open: serving.open,
  workers: serving.workers,
  workers_ready: serving.workersReady,
})

const spreadsOf = (figures: DeploymentMetrics): SubjectFigures['histograms'] => ({
  latency: sparse(figures.latency),
  queue_wait: sparse(figures.wait),
  batch_size: sparse(figures.batches),
})

function shadowsOf(metrics: EndpointMetrics, deployment: string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { shadow, result, count } of metrics.shadows.counts.values()) {
    if (shadow === deployment) counts[`shadow_answers/${result}`] = (counts[`shadow_answers/${result}`] ?? 0) + count
  }
  return counts
}
