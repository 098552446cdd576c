import { randomUUID } from 'node:crypto'
import { linkSync, unlinkSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { endMembers, killAll, LOOK_MS, signal } from './end-processes.ts'
import { layout } from './layout.ts'
import { processesOf, startOf } from './processes.ts'

/** Time for children that a finished command left in its group, before they are ended. */
const LEFTOVER_MS = 1000
const LEFTOVER_GRACE_MS = 2000

export interface ProcessTree {
  folder: string
  /** The wrapper, which is the group's leader. */
  leader: number
}

/**
 * Keeps, for whoever looks later, why the tree is being ended; the first reason stays. The file appears whole, by a link,
 * because the wrapper may see it and end before a second write, and its time must not be later than the end.
 */
export function recordStop(folder: string, reason: 'canceled' | 'timeout'): void {
  const { stop } = layout(folder)
  const draft = `${stop}.${randomUUID()}`
  writeFileSync(draft, `${reason}\n`)
  try {
    linkSync(draft, stop)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
}

/** SIGTERM once to each of a step's processes, then SIGKILL; the wrapper goes last, so that it can write the exit code. */
export async function endTree(tree: ProcessTree, graceMs: number): Promise<void> {
  const others = async () => (await processesOf(tree)).filter(found => found.pid !== tree.leader)
  const asked = new Map((await processesOf(tree)).map(found => [found.pid, found]))
  signal(-tree.leader, 'SIGTERM')
  for (const found of asked.values()) if (found.group !== tree.leader) signal(found.pid, 'SIGTERM')
  if (await endMembers(others, graceMs, asked)) return
  for (let round = 0; round < 40 && (await startOf(tree.leader)) !== undefined; round++) await sleep(LOOK_MS)
  if ((await startOf(tree.leader)) !== undefined) signal(tree.leader, 'SIGKILL')
}

/**
 * After the wrapper has ended: children still in its group (`server & client`) get a moment to finish, then SIGTERM, then
 * SIGKILL, so that outputs and log are at rest. Costs one system call when there are none.
 */
export async function endLeftovers(tree: ProcessTree): Promise<void> {
  if (!signal(-tree.leader, 0)) return
  const groupOf = async () => {
    const all = await processesOf(tree)
    // a process with the wrapper's pid is a later one: then the group is not ours any more
    return all.some(found => found.pid === tree.leader) ? [] : all.filter(found => found.group === tree.leader)
  }
  const endedWithin = async (ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end; await sleep(LOOK_MS)) {
      if ((await groupOf()).length === 0) return true
    }
    return false
  }
  if (await endedWithin(LEFTOVER_MS)) return
  for (const found of await groupOf()) signal(found.pid, 'SIGTERM')
  if (await endedWithin(LEFTOVER_GRACE_MS)) return
  await killAll(groupOf)
}

/** For a step whose wrapper was killed: whatever still runs of it is ended, or it would run beside its next attempt. */
export async function endOrphans(folder: string, leader: number | undefined): Promise<void> {
  const orphans = async () => (await processesOf({ folder, leader })).filter(found => found.pid !== leader)
  await killAll(orphans)
}
