import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 100

/**
 * Runs `fn` while no other process (and no other call of this one) holds the lock of this path. The lock is an open SQLite
 * transaction on a file that is never deleted: the kernel drops it when its holder dies in any way, so no lock is ever stale.
 */
export async function withProcessLock<T>(
  path: string,
  fn: () => Promise<T>,
  options: { signal?: AbortSignal | undefined; onWait?: () => void } = {},
): Promise<T> {
  await mkdir(dirname(path), { recursive: true })
  let waiting = false
  for (;;) {
    options.signal?.throwIfAborted()
    const lock = tryLock(path)
    if (lock !== undefined) {
      try {
        return await fn()
      } finally {
        lock.close()
      }
    }
    if (!waiting) options.onWait?.()
    waiting = true
    await delay(POLL_MS, undefined, options.signal === undefined ? {} : { signal: options.signal })
  }
}

const BUSY = 5

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
