import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { HaganeError } from '@hagane/contract'
import { newHexId } from './ids.ts'

export interface ServerFile {
  pid: number
  url?: string
  started_at: string
}

export interface DataFolder {
  /** Stable for the life of the folder: the owner of leases. */
  readonly serverId: string
  announce(url: string): void
  release(): void
}

/**
 * Takes the folder for this process alone. The lock is a file lock held by an open SQLite transaction: the kernel drops it
 * when the process dies in any way, so there is no stale lock and no pid to guess about.
 */
export function takeDataFolder(dataDir: string): DataFolder {
  makeFolder(dataDir)
  const infoPath = join(dataDir, 'server.json')
  const lock = new DatabaseSync(join(dataDir, 'server.lock'))
  try {
    lock.exec('pragma locking_mode = exclusive; begin exclusive')
  } catch (cause) {
    lock.close()
    throw heldBy(dataDir, infoPath, cause)
  }
  const info: ServerFile = { pid: process.pid, started_at: new Date().toISOString() }
  writeFileSync(infoPath, JSON.stringify(info))
  return {
    serverId: serverIdOf(dataDir),
    announce: url => writeFileSync(infoPath, JSON.stringify({ ...info, url })),
    release: () => {
      rmSync(infoPath, { force: true })
      lock.close()
    },
  }
}

function makeFolder(dataDir: string): void {
  try {
    makeFolders(dataDir)
  } catch (cause) {
    throw new HaganeError('invalid', `cannot make the data folder ${dataDir}: ${(cause as Error).message}`, {
      hint: 'choose another with --data',
      cause,
    })
  }
}

/** Each folder by itself: Node's `recursive` never ends where a folder cannot be made, as below /proc. */
function makeFolders(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  if (dirname(path) !== path) makeFolders(dirname(path))
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(path).isDirectory()) throw error
  }
}

function heldBy(dataDir: string, infoPath: string, cause: unknown): HaganeError {
  let info: Partial<ServerFile> = {}
  try {
    info = JSON.parse(readFileSync(infoPath, 'utf8'))
  } catch {
    info = {}
  }
  const who =
    info.pid === undefined ? 'another process' : `process ${info.pid}${info.url === undefined ? '' : ` at ${info.url}`}`
  return new HaganeError('conflict', `the data folder ${dataDir} is in use by ${who}`, {
    hint: 'use that server, stop it, or choose another folder with --data',
    cause,
  })
}

function serverIdOf(dataDir: string): string {
  const path = join(dataDir, 'server-id')
  try {
    writeFileSync(path, newHexId(), { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return readFileSync(path, 'utf8')
}
