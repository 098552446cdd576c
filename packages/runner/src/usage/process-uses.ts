import { readdirSync, readFileSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ProcessInfo, procText, psLines, readStat } from '../processes.ts'

/** A live process and what it has used. */
export interface ProcessUse extends ProcessInfo {
  /** its own and that of the children it has waited for, user and system */
  cpuSeconds: number
  /** resident memory; pages shared with others count for each */
  memoryBytes: number
}

const PROCESSES_PER_TURN = 100
const AT_PAGESZ = 6
const AT_CLKTCK = 17

interface Units {
  pageBytes: number
  ticksPerSecond: number
}

/** Page size and clock ticks as the kernel tells every process at its start (getauxval(3)); undefined where there is no /proc. */
function readUnits(): Units | undefined {
  try {
    const vector = readFileSync('/proc/self/auxv')
    const units = { pageBytes: 4096, ticksPerSecond: 100 }
    for (let at = 0; at + 16 <= vector.length; at += 16) {
      const value = Number(vector.readBigUInt64LE(at + 8))
      if (vector.readBigUInt64LE(at) === BigInt(AT_PAGESZ)) units.pageBytes = value
      if (vector.readBigUInt64LE(at) === BigInt(AT_CLKTCK)) units.ticksPerSecond = value
    }
    return units
  } catch {
    return undefined
  }
}
const units = readUnits()

/** By /proc/<pid>/stat; undefined for a zombie, whose parent has its times soon. */
function parseUse(text: string, { pageBytes, ticksPerSecond }: Units): ProcessUse | undefined {
  const stat = readStat(text)
  if (stat === undefined) return undefined
  const { info, field } = stat
  return {
    ...info,
    cpuSeconds: (field(14) + field(15) + field(16) + field(17)) / ticksPerSecond,
    memoryBytes: field(24) * pageBytes,
  }
}

/** A line of `ps -axo pid=,ppid=,pgid=,rss=,time=,lstart=`; its times leave out the children of a process. */
export function parsePsUse(line: string): ProcessUse | undefined {
  const found = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(?:(\d+)-)?(?:(\d+):)?(\d+):([\d.]+)\s+(.*?)\s*$/.exec(line)
  if (found === null) return undefined
  const [days, hours, minutes, seconds] = found.slice(5, 9).map(part => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
  ]
  return {
    pid: Number(found[1]),
    parent: Number(found[2]),
    group: Number(found[3]),
    start: found[9] ?? '',
    cpuSeconds: ((days * 24 + hours) * 60 + minutes) * 60 + seconds,
    memoryBytes: Number(found[4]) * 1024,
  }
}

/** In parts, so that a machine with thousands of processes does not keep everything else waiting. */
async function procUses(units: Units): Promise<ProcessUse[]> {
  const uses: ProcessUse[] = []
  const pids = readdirSync('/proc').filter(name => /^\d/.test(name))
  for (const [i, pid] of pids.entries()) {
    if (i % PROCESSES_PER_TURN === PROCESSES_PER_TURN - 1) await nextTurn()
    const found = parseUse(procText(`/proc/${pid}/stat`) ?? '', units)
    if (found !== undefined) uses.push(found)
  }
  return uses
}

/** Every live process that this user can see, in one pass. */
export async function processUses(source: 'proc' | 'ps' = units === undefined ? 'ps' : 'proc'): Promise<ProcessUse[]> {
  if (source === 'proc' && units !== undefined) return procUses(units)
  const lines = await psLines('pid=,ppid=,pgid=,rss=,time=,lstart=')
  return lines.map(parsePsUse).filter(found => found !== undefined)
}

/** The most memory that a process had so far, also between two looks; undefined where the kernel does not tell. */
export function highWater(pid: number): number | undefined {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(procText(`/proc/${pid}/status`) ?? '')?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}

/** A variable of a process' environment as it was at its start. */
export const variableOf = (pid: number, name: string): string | undefined =>
  procText(`/proc/${pid}/environ`)
    ?.split('\0')
    .find(entry => entry.startsWith(`${name}=`))
    ?.slice(name.length + 1)
