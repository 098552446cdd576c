import { randomBytes } from 'node:crypto'
import { rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Twice what the write-ahead log grows to before it is folded into the database (1000 pages of 4 KiB). */
const RESERVE_BYTES = 8 * 2 ** 20
/** The reserve is kept only where it takes no more than this part of what is free. */
const PART = 1 / 3
const SQLITE_FULL = 13
const POSTGRES_FULL = '53100'

/**
 * Room for the last words on a full disk. Without it a step that fills the data folder's disk also keeps the database from
 * writing down that it failed, and whoever waits for that step waits for ever. A file holds the room; a write that finds
 * the disk full gives it free and is repeated.
 */
export interface DiskReserve {
  /** Holds the room, if it is not held yet and there is plenty. Never throws: a server without a reserve serves as well. */
  keep(): void
  /** Gives the room free; false when none was held. */
  release(): boolean
}

export function buildDiskReserve(dataDir: string): DiskReserve {
  const path = join(dataDir, 'reserve')
  const held = (): boolean => statSync(path, { throwIfNoEntry: false })?.size === RESERVE_BYTES
  return {
    keep() {
      try {
        if (held() || (freeBytes(dataDir) ?? 0) * PART < RESERVE_BYTES) return
        // random, because a disk that compresses or leaves holes keeps no room for zeros
        writeFileSync(path, randomBytes(RESERVE_BYTES), { mode: 0o600 })
      } catch {
        rmSync(path, { force: true })
      }
    },
    release() {
      if (!held()) return false
      rmSync(path, { force: true })
      return true
    },
  }
}

/** What an ordinary user may still write on the disk of a folder; undefined where the folder is gone. */
export function freeBytes(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return undefined
  }
}

/** Whether the disk of a folder is full, or was until the reserve was given free a moment ago. */
export const lacksRoom = (folder: string): boolean => (freeBytes(folder) ?? Number.POSITIVE_INFINITY) <= RESERVE_BYTES

/** Whether a file system or a database refused to write for want of room. */
export function isDiskFull(error: unknown): boolean {
  const { code, errcode } = error as { code?: string; errcode?: number }
  return code === 'ENOSPC' || code === 'EDQUOT' || code === POSTGRES_FULL || errcode === SQLITE_FULL
}
