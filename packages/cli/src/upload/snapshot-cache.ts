import { createHash, hash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HashedFile, LocalFile } from './stamped-file.ts'

const format = 'hagane-snapshot-1'
/** Folders that are remembered; the ones used longest ago go first. */
const mostFolders = 200
/** Below this a look at the cache costs as much as reading the files. */
const fewestFiles = 100
const fewestBytes = 16 * 1024 * 1024
/**
 * A file that was touched so shortly before it was listed may change again without a new time: clocks of file systems tick
 * in milliseconds, some in seconds, FAT in two. As git does with its index, such a file is not believed and read again.
 */
const racyMs = 2000

interface Head {
  format: string
  signature: string
  tree: string
  /** SHA-256 of the table behind the head. */
  table: string
}

/** What is known of one folder from the last time: its tree when nothing changed since, and digests of its files. */
export class SnapshotCache {
  readonly #file: string

  /** `what` tells one upload from another: the folder, its kind, its includes. */
  constructor(cacheFolder: string, what: readonly unknown[]) {
    this.#file = join(cacheFolder, 'hagane', 'snapshots', hash('sha256', JSON.stringify(what)))
  }

  static isWorthIt = (files: readonly LocalFile[]): boolean =>
    files.length >= fewestFiles || files.reduce((sum, file) => sum + file.size, 0) >= fewestBytes

  /** The tree that these very files made, if none of them was touched since; and a way to ask for single files. */
  read(files: readonly LocalFile[]): { tree: string | undefined; digests(): Map<string, string> } {
    const bytes = readOrNothing(this.#file)
    const headEnd = bytes.indexOf(0)
    const head = headOf(bytes.subarray(0, Math.max(0, headEnd)))
    if (head === undefined) return { tree: undefined, digests: () => new Map() }
    return {
      tree: head.signature !== '' && head.signature === signatureOf(files) ? head.tree : undefined,
      digests: () => digestsOf(bytes.subarray(headEnd + 1), head.table),
    }
  }

  /** Remembers a tree and the files it was made of; `listedAt` in milliseconds since 1970. Nothing depends on its success. */
  write(files: readonly HashedFile[], tree: string, listedAt: number): void {
    const sure = files.filter(file => file.touched < listedAt - racyMs)
    const table = Buffer.from(sure.map(file => `${file.digest}${file.stamp}\t${file.path}\0`).join(''))
    const signature = sure.length === files.length ? signatureOf(files) : ''
    const head: Head = { format, signature, tree, table: hash('sha256', table) }
    const draft = `${this.#file}.${process.pid}`
    const folder = join(this.#file, '..')
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeFileSync(draft, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\0`), table]), { mode: 0o600 })
      renameSync(draft, this.#file)
      forgetOldest(folder)
    } catch {
      rmSync(draft, { force: true }) // a full or read-only disk costs the next upload time, nothing else
    }
  }
}

function readOrNothing(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch {
    return Buffer.alloc(0)
  }
}

function headOf(bytes: Buffer): Head | undefined {
  try {
    const head = JSON.parse(bytes.toString()) as Head
    return head.format === format ? head : undefined
  } catch {
    return undefined
  }
}

/** Digests by path and stamp together. A table that was cut says nothing. */
function digestsOf(table: Buffer, expected: string): Map<string, string> {
  if (hash('sha256', table) !== expected) return new Map()
  const records = table.toString().split('\0').slice(0, -1)
  return new Map(records.map(record => [record.slice(64), record.slice(0, 64)]))
}

export const cacheKeyOf = (file: LocalFile): string => `${file.stamp}\t${file.path}`

function signatureOf(files: readonly LocalFile[]): string {
  const hasher = createHash('sha256')
  for (let start = 0; start < files.length; start += 1000)
    hasher.update(
      `${files
        .slice(start, start + 1000)
        .map(cacheKeyOf)
        .join('\0')}\0`,
    )
  return hasher.digest('hex')
}

function forgetOldest(folder: string): void {
  const names = readdirSync(folder)
  if (names.length <= mostFolders) return
  const byAge = names.map(name => ({ name, age: statSync(join(folder, name)).mtimeMs })).sort((a, b) => a.age - b.age)
  for (const { name } of byAge.slice(0, names.length - mostFolders)) rmSync(join(folder, name), { force: true })
}
