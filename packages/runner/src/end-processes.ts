import { setTimeout as sleep } from 'node:timers/promises'
import { type ProcessInfo, startOf } from './processes.ts'

/** Between two looks at the process table. */
export const LOOK_MS = 25

/** Whether there was such a process; signal 0 only asks. */
export const signal = (pid: number, name: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(pid, name)
    return true
  } catch {
    return false // it ended by itself, or is a zombie
  }
}

/** Looks again after each round, since a process may fork while it is being ended. */
export async function killAll(members: () => Promise<ProcessInfo[]>): Promise<void> {
  for (let round = 0; round < 200; round++) {
    const left = await members()
    if (left.length === 0) return
    for (const found of left) signal(found.pid, 'SIGKILL')
    await sleep(Math.min(5 + round, LOOK_MS))
  }
}

export async function anyLive(known: Iterable<ProcessInfo>): Promise<boolean> {
  for (const found of known) if (signal(found.pid, 0) && (await startOf(found.pid)) === found.start) return true
  return false
}

/**
 * SIGTERM once to each member, also to those that appear meanwhile, then SIGKILL to what is left after the grace. `asked`
 * have had their SIGTERM. Resolves to whether all ended by themselves.
 */
export async function endMembers(
  members: () => Promise<ProcessInfo[]>,
  graceMs: number,
  asked: Map<number, ProcessInfo> = new Map(),
): Promise<boolean> {
  const deadline = performance.now() + graceMs
  do {
    if (await anyLive(asked.values())) continue
    const left = await members()
    if (left.length === 0) return true
    for (const found of left) {
      signal(found.pid, 'SIGTERM')
      asked.set(found.pid, found)
    }
  } while ((await sleep(LOOK_MS, true)) && performance.now() < deadline)
  await killAll(members)
  return false
}
