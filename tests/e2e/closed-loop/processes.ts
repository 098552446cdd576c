import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'

/** What the processes around a data folder are to the loop. */
export const roles = ['server', 'gateway', 'worker', 'step'] as const
export type Role = (typeof roles)[number]

const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')

async function pidIn(file: string): Promise<number[]> {
  const text = await textOf(file)
  return text === '' ? [] : [(JSON.parse(text) as { pid: number }).pid]
}

/** Processes that stand over a step that runs, in any workspace. */
async function overSteps(dataDir: string): Promise<number[]> {
  const workspaces = await readdir(join(dataDir, 'jobs')).catch(() => [])
  const pids: number[] = []
  for (const workspace of workspaces)
    for (const job of await readdir(join(dataDir, 'jobs', workspace))) {
      const attempt = join(dataDir, 'jobs', workspace, job, '1')
      const marker = await textOf(join(attempt, 'started'))
      if (marker !== '' && (await textOf(join(attempt, 'exit.json'))) === '') pids.push(Number(marker.split('\t')[0]))
    }
  return pids
}

/** Children of a process: in Linux's list of processes the fourth word of `stat` is the parent's, behind a name in brackets. */
async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name))
  const parents = pids.map(async pid => {
    const stat = await textOf(`/proc/${pid}/stat`)
    return { pid: Number(pid), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) }
  })
  return (await Promise.all(parents)).filter(one => one.parent === parent).map(({ pid }) => pid)
}

/** Whether a process is about this data folder, and not another one that got the number of one that has ended. */
async function isAbout(dataDir: string, pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return true
  const words = await textOf(`/proc/${pid}/cmdline`)
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
  return words.includes(dataDir) || cwd.startsWith(dataDir)
}

/** The processes of each role that run now. */
export async function processesOf(dataDir: string): Promise<Record<Role, number[]>> {
  const ours = async (pids: readonly number[]): Promise<number[]> => {
    const found = await Promise.all(pids.map(async pid => ((await isAbout(dataDir, pid)) ? [pid] : [])))
    return found.flat()
  }
  const gateway = await ours(await pidIn(join(dataDir, 'gateway', 'gateway.json')))
  const workers = await Promise.all(gateway.map(childrenOf))
  return {
    server: await ours(await pidIn(join(dataDir, 'server.json'))),
    gateway,
    worker: workers.flat(),
    step: await ours(await overSteps(dataDir)),
  }
}

/** False when it has ended by itself a moment ago, or was killed before. */
export function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}
