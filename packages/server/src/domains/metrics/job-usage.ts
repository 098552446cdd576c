import type { SubjectFigures } from '@hagane/contract'

/** One measurement of a step, by MLflow's names of system metrics. */
export interface UsagePoint {
  /** Epoch milliseconds. */
  timestamp: number
  values: Record<string, number>
}

export interface UsedBy {
  workspace: string
  job: string
  compute: string | null
}

interface Used extends UsedBy {
  /** Epoch ms when it was told. */
  at: number
  isNew: boolean
  gauges: Record<string, number>
}

/** A step that was told of so long ago has ended or cannot be measured. Steps are measured every ten seconds. */
const staleMs = 25_000

/** What the steps of this server use, as last told: per job, and together per compute. */
export class JobUsage {
  readonly #used = new Map<string, Used>()
  readonly #cores: number

  /** `cores` of this machine, of which MLflow's utilization is a share. */
  constructor(cores: number) {
    this.#cores = cores
  }

  note(of: UsedBy, points: readonly UsagePoint[], now: number): void {
    const values = points.at(-1)?.values
    if (values === undefined) return
    const gauges = gaugesOf(values, this.#cores)
    if (Object.keys(gauges).length > 0)
      this.#used.set(`${of.workspace}/${of.job}`, { ...of, at: now, isNew: true, gauges })
  }

  /** Gauges of each job that was measured since the last call, and of each compute whose jobs run. */
  take(now: number): Pick<SubjectFigures, 'workspace' | 'subject' | 'gauges'>[] {
    const computes = this.computes(now).map(({ compute, ...one }) => ({ ...one, subject: `compute/${compute}` }))
    const jobs = [...this.#used.values()]
      .filter(one => one.isNew)
      .map(({ workspace, job, gauges }) => ({ workspace, subject: `job/${job}`, gauges }))
    for (const one of this.#used.values()) one.isNew = false
    return [...jobs, ...computes]
  }

  /** What the steps of each compute use together; computes without any are left out. */
  computes(now: number): { workspace: string; compute: string; gauges: Record<string, number> }[] {
    for (const [key, one] of this.#used) if (one.at < now - staleMs) this.#used.delete(key)
    const byCompute = Map.groupBy(this.#used.values(), one => `${one.workspace} ${nameOf(one.compute)}`)
    return [...byCompute.values()].map(of => {
      const [{ workspace, compute }] = of as [Used]
      const sum = (name: string) => of.reduce((total, { gauges }) => total + (gauges[name] ?? 0), 0)
      const gauges = { jobs_running: of.length, cpu_cores: sum('cpu_cores'), memory_bytes: sum('memory_bytes') }
      return { workspace, compute: nameOf(compute), gauges }
    })
  }
}

/** A job without a compute runs on this machine. */
const nameOf = (compute: string | null): string =>
  compute?.replace(/^azureml:/, '').replaceAll(/[/\s]/g, '_') || 'local'

/** The gauges of service metrics that MLflow's system metrics tell. */
export function gaugesOf(values: Record<string, number>, cores: number): Record<string, number> {
  const gauges: Record<string, number> = {}
  for (const [name, value] of Object.entries(values)) {
    const gpu = /^system\/gpu_(\d+)_(utilization_percentage|memory_usage_megabytes)$/.exec(name)
    if (name === 'system/cpu_utilization_percentage') gauges.cpu_cores = (value / 100) * cores
    else if (name === 'system/system_memory_usage_megabytes') gauges.memory_bytes = value * 1e6
    else if (gpu?.[2] === 'utilization_percentage') gauges[`gpu_utilization/${gpu[1]}`] = value / 100
    else if (gpu !== null) gauges[`gpu_memory_bytes/${gpu[1]}`] = value * 1e6
  }
  return gauges
}
