import { execFile } from 'node:child_process'
import { readFileSync, statfsSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'

const MEGABYTE = 1e6
const MEBIBYTE = 2 ** 20
const GPU_TIMEOUT_MS = 8000

/** Logical cores that steps may use. */
export const cores = availableParallelism()

/** Memory that steps may use: all there is, or what the container of this process is allowed. */
export function memoryBytes(): number {
  const allowed = process.constrainedMemory()
  return allowed > 0 && allowed < totalmem() ? allowed : totalmem()
}

/** How full the file system of a folder is, in the names of MLflow's system metrics. */
export function diskMetrics(folder: string): Record<string, number> {
  try {
    const { blocks, bfree, bavail, bsize } = statfsSync(folder)
    const [used, available] = [(blocks - bfree) * bsize, bavail * bsize]
    return {
      'system/disk_usage_percentage': (100 * used) / Math.max(1, used + available),
      'system/disk_usage_megabytes': used / MEGABYTE,
      'system/disk_available_megabytes': available / MEGABYTE,
    }
  } catch {
    return {} // the folder is gone
  }
}

/** Bytes that this machine has received and sent since its boot, loopback left out. */
export interface Traffic {
  received: number
  sent: number
}

/** Undefined where there is no /proc. */
export function readTraffic(file = '/proc/net/dev'): Traffic | undefined {
  try {
    const traffic = { received: 0, sent: 0 }
    for (const line of readFileSync(file, 'latin1').split('\n')) {
      const [, name, numbers] = /^\s*(\S+):\s*(.*)$/.exec(line) ?? []
      if (name === undefined || numbers === undefined || name === 'lo') continue
      const fields = numbers.trim().split(/\s+/)
      traffic.received += Number(fields[0])
      traffic.sent += Number(fields[8])
    }
    return traffic
  } catch {
    return undefined
  }
}

export const trafficMetrics = (since: Traffic, now: Traffic): Record<string, number> => ({
  'system/network_receive_megabytes': Math.max(0, now.received - since.received) / MEGABYTE,
  'system/network_transmit_megabytes': Math.max(0, now.sent - since.sent) / MEGABYTE,
})

/** Lines of `nvidia-smi --query-gpu=index,utilization.gpu,memory.used,memory.total,power.draw`; what a device does not tell is left out. */
export function parseGpus(csv: string): Record<string, number> {
  const metrics: Record<string, number> = {}
  for (const line of csv.split('\n')) {
    const [index = '', ...told] = line.split(',').map(part => part.trim())
    const [utilization, used, total, power] = told.map(part => (part === '' ? Number.NaN : Number(part)))
    if (!/^\d+$/.test(index)) continue
    const values = {
      utilization_percentage: utilization,
      memory_usage_megabytes: ((used ?? Number.NaN) * MEBIBYTE) / MEGABYTE,
      memory_usage_percentage: (100 * (used ?? Number.NaN)) / (total ?? Number.NaN),
      power_usage_watts: power,
    }
    for (const [name, value] of Object.entries(values))
      if (value !== undefined && Number.isFinite(value)) metrics[`system/gpu_${index}_${name}`] = value
  }
  return metrics
}

export interface Gpus {
  /** What was read last. */
  latest(): Record<string, number>
  /** Begins to read, in the background. */
  refresh(): void
}

/** The NVIDIA devices of this machine by `nvidia-smi`; when that is not there it is not asked again. */
export function buildGpus(program = 'nvidia-smi'): Gpus {
  let latest: Record<string, number> = {}
  let state: 'idle' | 'reading' | 'absent' = 'idle'
  const query = ['--query-gpu=index,utilization.gpu,memory.used,memory.total,power.draw']
  return {
    latest: () => latest,
    refresh() {
      if (state !== 'idle') return
      state = 'reading'
      execFile(
        program,
        [...query, '--format=csv,noheader,nounits'],
        { timeout: GPU_TIMEOUT_MS, killSignal: 'SIGKILL' },
        (error, stdout) => {
          state = error !== null && error.code === 'ENOENT' ? 'absent' : 'idle'
          latest = error === null ? parseGpus(stdout) : {}
        },
      ).unref()
    },
  }
}
