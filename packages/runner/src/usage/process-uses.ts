import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A live process and what it has used. */
export interface ProcessUse {
  pid: number
  parent: number
  group: number
  /** with the pid, tells this process from every other of the same boot */
  start: string
  /** its own and that of the children it has waited for, user and system */
  cpuSeconds: number
  /** resident memory; pages shared with others count for each */
  memoryBytes: number
}

const run = promisify(execFile)
const PROCESSES_PER_TURN = 100
const AT_PAGESZ = 6
const AT_CLKTCK = 17

const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined // it has ended, or belongs to somebody else
  }
}

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

/** Fields of /proc/<pid>/stat by their numbers in proc(5); undefined for a zombie, whose parent has its times soon. */
export function parseUse(text: string, { pageBytes, ticksPerSecond }: Units): ProcessUse | undefined {
  const end = text.lastIndexOf(')')
  const field = text.slice(end + 2).split(' ')
  const at = (number: number): number => Number(field[number - 3])
  if (end < 0 || field.length < 22 || /^[ZX]/.test(field[0] ?? '')) return undefined
  return {
    pid: Number.parseInt(text, 10),
    parent: at(4),
    group: at(5),
    start: field[22 - 3] ?? '',
    cpuSeconds: (at(14) + at(15) + at(16) + at(17)) / ticksPerSecond,
    memoryBytes: at(24) * pageBytes,
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
    const found = parseUse(textOf(`/proc/${pid}/stat`) ?? '', units)
    if (found !== undefined) uses.push(found)
  }
  return uses
}

/** Every live process that this user can see, in one pass. */
export async function processUses(source: 'proc' | 'ps' = units === undefined ? 'ps' : 'proc'): Promise<ProcessUse[]> {
  if (source === 'proc' && units !== undefined) return procUses(units)
  const { stdout } = await run('ps', ['-axo', 'pid=,ppid=,pgid=,rss=,time=,lstart='], {
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC0' },
    maxBuffer: 2 ** 26,
  })
  return stdout
    .split('\n')
    .map(parsePsUse)
    .filter(found => found !== undefined)
}

/** The most memory that a process had so far, also between two looks; undefined where the kernel does not tell. */
export function highWater(pid: number): number | undefined {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/status`) ?? '')?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}

/** A variable of a process' environment as it was at its start. */
export const variableOf = (pid: number, name: string): string | undefined =>
  textOf(`/proc/${pid}/environ`)
    ?.split('\0')
    .find(entry => entry.startsWith(`${name}=`))
    ?.slice(name.length + 1)
