import { readdir, readFile } from 'node:fs/promises'

interface Process {
  pid: number
  parent: number
  commandLine: string
}

/**
 * Memory in MB of a process, all below it, and every process whose command line names `folder` (a gateway may have left
 * its parent). Pages that processes share count once (Pss in proc(5)). Linux only; undefined elsewhere.
 */
export async function memoryOf(pid: number, folder?: string): Promise<number | undefined> {
  const kilobytes = await sumOver(pid, folder, proportionalSize)
  return kilobytes === undefined ? undefined : kilobytes / 1024
}

/** Processor time in ms that a process and all below it have taken so far (proc_pid_stat(5)). Linux only. */
export async function processorTimeOf(pid: number): Promise<number | undefined> {
  return sumOver(pid, undefined, processorTime)
}

async function sumOver(pid: number, folder: string | undefined, measure: (pid: number) => Promise<number>) {
  const processes = await listProcesses()
  if (processes === undefined) return undefined
  const values = await Promise.all(familyOf(pid, folder, processes).map(measure))
  return values.reduce((sum, value) => sum + value, 0)
}

/** Ticks of the kernel's accounting are 10 ms on every Linux that Node runs on. */
const tickMs = 10

async function processorTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number)
  return (user + system) * tickMs
}

async function listProcesses(): Promise<Process[] | undefined> {
  const names = await readdir('/proc').catch(() => undefined)
  if (names === undefined) return undefined
  const processes = await Promise.all(names.filter(name => /^\d+$/.test(name)).map(name => describe(Number(name))))
  return processes.flatMap(process => (process === undefined ? [] : [process]))
}

/** A process may end while it is read: it is left out then. */
async function describe(pid: number): Promise<Process | undefined> {
  const [status, commandLine] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined),
    readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined),
  ])
  if (status === undefined || commandLine === undefined) return undefined
  return { pid, parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0), commandLine }
}

function familyOf(root: number, folder: string | undefined, processes: readonly Process[]): number[] {
  const family = new Set(
    processes
      .filter(one => one.pid === root || (folder !== undefined && one.commandLine.includes(folder)))
      .map(one => one.pid),
  )
  family.delete(process.pid)
  for (let before = -1; before !== family.size; ) {
    before = family.size
    for (const one of processes) if (family.has(one.parent)) family.add(one.pid)
  }
  return [...family]
}

async function proportionalSize(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0)
}

/** Most memory that a process has had, in MB; Linux only, undefined elsewhere. */
export async function peakMemory(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]
  return peak === undefined ? undefined : Number(peak) / 1024
}
