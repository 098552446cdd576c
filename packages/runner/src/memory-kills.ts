import { readFileSync } from 'node:fs'

/** How often the kernel has ended a process for lack of memory, by one of its counters. */
export interface MemoryKills {
  file: string
  count: number
}

const countIn = (file: string): number | undefined => {
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync(file, 'latin1'))?.[1]
    return count === undefined ? undefined : Number(count)
  } catch {
    return undefined // no such counter here: another system, or an older kernel
  }
}

/**
 * The counter for processes that are started here: `memory.events` of this process' own cgroup (version 2), which also counts
 * what is killed below it, else that of the whole machine. Undefined where the kernel tells neither.
 */
export function memoryKills(self = '/proc/self/cgroup', root = '/sys/fs/cgroup'): MemoryKills | undefined {
  for (const file of [cgroupFile(self, root), '/proc/vmstat']) {
    const count = file === undefined ? undefined : countIn(file)
    if (file !== undefined && count !== undefined) return { file, count }
  }
  return undefined
}

function cgroupFile(self: string, root: string): string | undefined {
  try {
    const path = /^0::(\/.*)$/m.exec(readFileSync(self, 'latin1'))?.[1]
    return path === undefined ? undefined : `${root}${path === '/' ? '' : path}/memory.events`
  } catch {
    return undefined
  }
}

/** Whether the kernel has ended a process for lack of memory since. A counter that began anew, after a restart, says no. */
export const hasRisen = (since: MemoryKills | undefined): boolean =>
  since !== undefined && (countIn(since.file) ?? 0) > since.count
