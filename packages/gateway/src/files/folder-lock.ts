import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { HaganeError } from '@hagane/contract'

/**
 * Holds a folder for this process. SQLite's file lock is the one lock in Node's own modules that the system releases
 * when the holder dies, so there is nothing stale to clean up. Throws `conflict` when another process holds it.
 */
export function lockFolder(folder: string, what: string): { release(): void } {
  const path = join(folder, 'gateway.lock')
  const database = new DatabaseSync(path)
  chmodSync(path, 0o600)
  try {
    database.exec('pragma locking_mode = exclusive; begin exclusive; create table if not exists held (x); commit')
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode !== 5) throw error
    throw new HaganeError('conflict', `another ${what} already runs on ${folder}`, {
      hint: 'gateway.json in that folder says which process; end it first, or use another --dir',
    })
  }
  return { release: () => database.close() }
}
