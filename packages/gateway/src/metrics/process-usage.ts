import { readFileSync } from 'node:fs'

export interface ProcessUsage {
  cpuSeconds: number
  residentBytes: number
}

/** Linux counts processor time in hundredths of a second for programs, whatever the kernel's own clock is. */
const ticksPerSecond = 100
const pageBytes = 4096

/** What a process has used since it started, from /proc (man 5 proc); undefined where there is none, or once it has ended. */
export function usageOf(pid: number): ProcessUsage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [user, system, pages] = [fields[11], fields[12], fields[21]].map(Number)
    if (user === undefined || system === undefined || pages === undefined) return undefined
    return { cpuSeconds: (user + system) / ticksPerSecond, residentBytes: pages * pageBytes }
  } catch {
    // Another system, or a process that has just ended: a figure less, never a failed scrape.
    return undefined
  }
}
