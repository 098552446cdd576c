import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { stepToken, stepVariable } from './step-variable.ts'

export interface ProcessInfo {
  pid: number
  parent: number
  group: number
  /** text that tells this process from a later one with the same pid, within one boot */
  start: string
}

const hasProc = existsSync('/proc/self/stat')
const run = promisify(execFile)
/** One clock for `lstart`, whatever the settings of the shell that asks. */
const psEnvironment = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC0' }

/** A file of /proc; undefined when its process has ended, or belongs to somebody else. */
export const procText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

const isLive = (state: string): boolean => !/^[ZX]/.test(state)

/**
 * A live process by /proc/<pid>/stat, whose fields have their numbers in proc(5); the name in field 2 may hold blanks and
 * parentheses. Undefined for a zombie, which has ended.
 */
export function readStat(text: string): { info: ProcessInfo; field(number: number): number } | undefined {
  const end = text.lastIndexOf(')')
  const fields = text.slice(end + 2).split(' ')
  const field = (number: number): number => Number(fields[number - 3])
  const start = fields[22 - 3]
  if (end < 0 || start === undefined || !isLive(fields[0] ?? '')) return undefined
  return { info: { pid: Number.parseInt(text, 10), parent: field(4), group: field(5), start }, field }
}

/** Lines of `ps` over all processes. */
export async function psLines(columns: string): Promise<string[]> {
  const { stdout } = await run('ps', ['-axo', columns], { env: psEnvironment, maxBuffer: 2 ** 26 })
  return stdout.split('\n')
}

/** Every live process that this user can see; zombies have ended. */
export async function listProcesses(source: 'proc' | 'ps' = hasProc ? 'proc' : 'ps'): Promise<ProcessInfo[]> {
  if (source === 'proc') {
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(name => readStat(procText(`/proc/${name}/stat`) ?? '')?.info)
      .filter(found => found !== undefined)
  }
  return (await psLines('pid=,ppid=,pgid=,stat=,lstart='))
    .map(line => /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*?)\s*$/.exec(line))
    .filter(match => match !== null)
    .filter(match => isLive(match[4] ?? ''))
    .map(match => ({ pid: Number(match[1]), parent: Number(match[2]), group: Number(match[3]), start: match[5] ?? '' }))
}

/** Start of a live process, as in `ProcessInfo`; undefined when there is none with that pid. */
export async function startOf(pid: number): Promise<string | undefined> {
  if (hasProc) return readStat(procText(`/proc/${pid}/stat`) ?? '')?.info.start
  return (await listProcesses('ps')).find(found => found.pid === pid)?.start
}

/** The running kernel's boot, '-' where it cannot be told. */
export const bootId = (): string => procText('/proc/sys/kernel/random/boot_id')?.trim() ?? '-'

/** Those of the processes that a step in this folder has started, at whatever distance. */
async function carries(pids: number[], folder: string): Promise<Set<number>> {
  const variable = `${stepVariable}=${stepToken(folder)}`
  if (hasProc) {
    return new Set(pids.filter(pid => procText(`/proc/${pid}/environ`)?.split('\0').includes(variable)))
  }
  // a ps that shows no environments leaves the group and the descendants
  const { stdout } = await run('ps', ['-axEwwo', 'pid=,command='], { env: psEnvironment, maxBuffer: 2 ** 28 }).catch(
    () => ({ stdout: '' }),
  )
  const found = stdout.split('\n').filter(line => `${line} `.includes(` ${variable} `))
  const wanted = new Set(pids)
  return new Set(found.map(line => Number.parseInt(line, 10)).filter(pid => wanted.has(pid)))
}

/**
 * The live processes of a step: the wrapper's group, all descendants, and those that left both but still carry the
 * step's variable. `leader` is undefined when the wrapper's pid now belongs to somebody else.
 */
export async function processesOf(step: { folder: string; leader: number | undefined }): Promise<ProcessInfo[]> {
  const all = (await listProcesses()).filter(found => found.pid !== process.pid)
  const marked = await carries(
    all.map(found => found.pid),
    step.folder,
  )
  const members = new Set<number>()
  for (const found of all) {
    if (marked.has(found.pid) || (step.leader !== undefined && found.group === step.leader)) members.add(found.pid)
  }
  for (let before = -1; before !== members.size; ) {
    before = members.size
    for (const found of all) if (members.has(found.parent)) members.add(found.pid)
  }
  return all.filter(found => members.has(found.pid))
}
