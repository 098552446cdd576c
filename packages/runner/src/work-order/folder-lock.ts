import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 25
const BUSY = 5

/**
 * Runs `work` while no other runner holds the attempt's folder: one that looks would take the process that another is about
 * to start for a leftover. The lock is an open SQLite transaction on a file that stays; the kernel drops it with its holder.
 */
export async function withFolderLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (;;) {
    const lock = tryLock(join(folder, 'runner.lock'))
    if (lock === undefined) await sleep(POLL_MS)
    else {
      try {
        return await work()
      } finally {
        lock.close()
      }
    }
  }
}

function tryLock(path: string): DatabaseSync | undefined {
  const lock = new DatabaseSync(path, { timeout: 0 })
  try {
    lock.exec('pragma locking_mode = exclusive; begin exclusive')
    return lock
  } catch (error) {
    lock.close()
    if (((error as { errcode?: number }).errcode ?? 0) % 256 === BUSY) return undefined
    throw error
  }
}
