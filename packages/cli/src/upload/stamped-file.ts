import { type BigIntStats, statSync } from 'node:fs'
import { fileStamp } from '@hagane/contract'

/** A file to upload as it was when it was listed. */
export interface LocalFile {
  /** Where it goes in the tree. */
  readonly path: string
  /** Where it lies. */
  readonly file: string
  /** bytes */
  readonly size: number
  readonly executable: boolean
  /** Device, inode, size and times: another value means that the file may hold something else. */
  readonly stamp: string
  /** When content or attributes changed last, in milliseconds since 1970. */
  readonly touched: number
}

export interface HashedFile extends LocalFile {
  readonly digest: string
}

export const localFile = (path: string, file: string, stat: BigIntStats): LocalFile => ({
  path,
  file,
  size: Number(stat.size),
  executable: (stat.mode & 0o100n) !== 0n,
  stamp: fileStamp(stat),
  touched: Number(stat.mtimeMs > stat.ctimeMs ? stat.mtimeMs : stat.ctimeMs),
})

/** Whether the file is still what was listed or read. */
export function isUnchanged(file: LocalFile): boolean {
  const stat = statSync(file.file, { bigint: true, throwIfNoEntry: false })
  return stat !== undefined && fileStamp(stat) === file.stamp
}
