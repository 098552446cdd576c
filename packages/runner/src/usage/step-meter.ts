import { cores, diskMetrics, memoryBytes, readTraffic, trafficMetrics } from './machine.ts'
import { highWater, type ProcessUse } from './process-uses.ts'
import type { UsageRecord } from './usage-file.ts'

/** Measured values at one moment, by the names of MLflow's system metrics. */
export interface Reading {
  /** Epoch milliseconds. */
  at: number
  values: Record<string, number>
}

/** Processes by what they are found by, for all steps together. */
export interface ProcessTable {
  ofGroup: ReadonlyMap<number, readonly ProcessUse[]>
  childrenOf: ReadonlyMap<number, readonly ProcessUse[]>
  ofPid: ReadonlyMap<number, ProcessUse>
}

export function tableOf(uses: readonly ProcessUse[]): ProcessTable {
  const by = (key: (use: ProcessUse) => number): Map<number, ProcessUse[]> => {
    const map = new Map<number, ProcessUse[]>()
    for (const use of uses) {
      const known = map.get(key(use))
      if (known === undefined) map.set(key(use), [use])
      else known.push(use)
    }
    return map
  }
  return {
    ofGroup: by(use => use.group),
    childrenOf: by(use => use.parent),
    ofPid: new Map(uses.map(use => [use.pid, use])),
  }
}

/** Adds up what the processes of one step use, from look to look. */
export class StepMeter {
  readonly #leader: number
  readonly #folder: string
  #members = new Map<number, ProcessUse>()
  /** Time of processes that ended and whose parent was not of the step, so that nobody has it any more. */
  #lostSeconds = 0
  #last: { at: number; cpuSeconds: number } | undefined
  readonly record: UsageRecord

  /** `known` is what was measured before a restart. */
  constructor(step: { folder: string; pid: number; startedAt: string }, known: UsageRecord | undefined) {
    this.#leader = step.pid
    this.#folder = step.folder
    this.#last = known === undefined ? { at: Date.parse(step.startedAt), cpuSeconds: 0 } : undefined
    this.record = known ?? { peak_memory_bytes: 0, cpu_seconds: 0, points: 0, traffic: readTraffic() }
  }

  /** `marked` are pids that carry the step's variable, wherever they went. Undefined when nothing of the step is there. */
  look(table: ProcessTable, marked: readonly number[], at: number): Reading | undefined {
    const members = this.#membersIn(table, marked)
    this.#keepLost(members)
    this.#members = members
    if (members.size === 0) return undefined
    const uses = [...members.values()]
    const memory = uses.reduce((sum, use) => sum + use.memoryBytes, 0)
    const { record } = this
    record.peak_memory_bytes = Math.max(record.peak_memory_bytes, memory, ...uses.map(use => highWater(use.pid) ?? 0))
    const seen = uses.reduce((sum, use) => sum + use.cpuSeconds, this.#lostSeconds)
    record.cpu_seconds = Math.max(record.cpu_seconds, seen)
    return { at, values: { ...this.#cpu(at), ...this.#memory(memory), ...this.#machine() } }
  }

  #membersIn(table: ProcessTable, marked: readonly number[]): Map<number, ProcessUse> {
    const isSame = (use: ProcessUse): boolean => table.ofPid.get(use.pid)?.start === use.start
    const open = [
      ...(table.ofGroup.get(this.#leader) ?? []),
      ...[...this.#members.values()].filter(isSame).map(use => table.ofPid.get(use.pid) as ProcessUse),
      ...marked.flatMap(pid => table.ofPid.get(pid) ?? []),
    ]
    const members = new Map<number, ProcessUse>()
    for (let use = open.pop(); use !== undefined; use = open.pop()) {
      if (members.has(use.pid) || use.pid === process.pid) continue
      members.set(use.pid, use)
      open.push(...(table.childrenOf.get(use.pid) ?? []))
    }
    return members
  }

  #keepLost(now: ReadonlyMap<number, ProcessUse>): void {
    for (const [pid, use] of this.#members)
      if (now.get(pid)?.start !== use.start && !this.#members.has(use.parent)) this.#lostSeconds += use.cpuSeconds
  }

  /** Share of all cores since the look before. */
  #cpu(at: number): Record<string, number> {
    const before = this.#last
    this.#last = { at, cpuSeconds: this.record.cpu_seconds }
    if (before === undefined || at <= before.at) return {}
    const seconds = this.record.cpu_seconds - before.cpuSeconds
    return { 'system/cpu_utilization_percentage': Math.min(100, (100 * seconds) / ((at - before.at) / 1000) / cores) }
  }

  #memory(bytes: number): Record<string, number> {
    return {
      'system/system_memory_usage_megabytes': bytes / 1e6,
      'system/system_memory_usage_percentage': (100 * bytes) / memoryBytes(),
    }
  }

  #machine(): Record<string, number> {
    const { traffic } = this.record
    const now = readTraffic()
    return {
      ...diskMetrics(this.#folder),
      ...(traffic === undefined || now === undefined ? {} : trafficMetrics(traffic, now)),
    }
  }
}
