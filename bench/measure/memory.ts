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
export async function memoryOf(pid: number, folder: string): Promise<number | undefined> {
  const processes = await listProcesses()
  if (processes === undefined) return undefined
  const family = familyOf(pid, folder, processes)
  const sizes = await Promise.all(family.map(proportionalSize))
  return sizes.reduce((sum, size) => sum + size, 0) / 1024
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

function familyOf(root: number, folder: string, processes: readonly Process[]): number[] {
  const family = new Set(
    processes.filter(one => one.pid === root || one.commandLine.includes(folder)).map(one => one.pid),
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
