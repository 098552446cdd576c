import { statfs } from 'node:fs/promises'
import { cpus, freemem, totalmem } from 'node:os'
import { type ServiceSample, type SubjectFigures, sparse } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import { consumerLags } from '../../kernel/events/index.ts'
import { newUlid } from '../../kernel/ids.ts'
import { taskCounts } from '../../kernel/tasks/index.ts'
import { gaugesOf, type JobUsage } from './job-usage.ts'
import type { OwnCounters } from './own-counters.ts'

export interface OwnDeps {
  db: Database
  serverId: string
  dataDir: string
  /** What the GPUs of this machine do, by MLflow's names; empty where there is none. */
  gpus: () => Record<string, number>
}

interface Spent {
  at: number
  process: number
  machine: number
}

const spent = (): Spent => {
  const { user, system } = process.cpuUsage()
  const machine = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
  return { at: performance.now(), process: (user + system) / 1e6, machine: machine / 1000 }
}

const under = (name: string, values: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([part, value]) => [`${name}/${part}`, value]))

/** What this server tells of itself, of its machine and of the steps that it carries. */
export class OwnSamples {
  readonly #deps: OwnDeps
  readonly #counters: OwnCounters
  readonly #usage: JobUsage
  readonly #since = newUlid()
  #seq = 0
  #before = spent()

  constructor(deps: OwnDeps, counters: OwnCounters, usage: JobUsage) {
    this.#deps = deps
    this.#counters = counters
    this.#usage = usage
  }

  /** The next sample; it covers the time since the one before. */
  async next(): Promise<ServiceSample> {
    const now = this.#deps.db.clock.now()
    const before = this.#before
    const after = spent()
    this.#before = after
    const seconds = Math.max(0.001, (after.at - before.at) / 1000)
    const cores = {
      cpu_cores: (after.process - before.process) / seconds,
      machine_cpu_cores: Math.max(0, after.machine - before.machine) / seconds,
    }
    const gauges = { ...cores, ...(await this.gauges()) }
    this.#seq += 1
    const since = this.#since
    const used = this.#usage.take(now.getTime()).map(one => ({ ...one, since, counters: {}, histograms: {} }))
    return { seq: this.#seq, time: now.toISOString(), seconds, subjects: [this.#server(gauges), ...used] }
  }

  /** How the server stands now, without what is measured between two moments. */
  async gauges(): Promise<Record<string, number>> {
    const { db, dataDir, gpus } = this.#deps
    const tasks = await taskCounts(db.reads)
    const disk = await statfs(dataDir)
    return {
      memory_bytes: process.memoryUsage.rss(),
      machine_memory_bytes: totalmem() - freemem(),
      disk_free_bytes: disk.bavail * disk.bsize,
      ...under('event_lag', await consumerLags(db)),
      ...under('tasks_waiting', tasks.waiting),
      ...under('tasks_running', tasks.running),
      ...gaugesOf(gpus(), 0),
    }
  }

  #server(gauges: Record<string, number>): SubjectFigures {
    const { statuses, latency, database } = this.#counters
    const counts = [...statuses].map(([status, count]) => [`api_requests/${status}`, count] as const)
    return {
      workspace: '',
      subject: `server/${this.#deps.serverId}`,
      since: this.#since,
      counters: Object.fromEntries(counts),
      gauges,
      histograms: { api_latency: sparse(latency), database_latency: sparse(database) },
    }
  }
}
