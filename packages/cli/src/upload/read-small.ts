import { hash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { HaganeError } from '@hagane/contract'
import { type HashedFile, type LocalFile, localFile } from './stamped-file.ts'

const attempts = 3
/** A pipe that took the place of a file must not keep us waiting for its writer. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK

export const changed = (file: string) =>
  new HaganeError('conflict', `${file} changes while it is read`, {
    hint: 'stop what writes to it, or upload a copy',
  })

/**
 * Reads a file into a buffer at a position and hashes it. Undefined when it has outgrown the room. A file that changes
 * under the reader is read again, and in the end refused by name.
 */
export function readSmall(local: LocalFile, into: Buffer, at: number, room: number): HashedFile | undefined {
  let listed = local
  const descriptor = openFile(local)
  try {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const length = readWhole(descriptor, into, at, room + 1)
      const now = localFile(local.path, local.file, fstatSync(descriptor, { bigint: true }))
      if (now.size > room) return undefined
      if (now.stamp === listed.stamp && length === now.size)
        return { ...now, digest: hash('sha256', into.subarray(at, at + length)) }
      listed = now
    }
  } finally {
    closeSync(descriptor)
  }
  throw changed(local.file)
}

function openFile(local: LocalFile): number {
  try {
    return openSync(local.file, flags)
  } catch (error) {
    throw unreadable(local.file, error)
  }
}

/** A file that cannot be opened, in words. */
export function unreadable(file: string, cause: unknown): HaganeError {
  const { code, message } = cause as NodeJS.ErrnoException
  if (code === 'ENOENT') return changed(file)
  if (code === 'EACCES' || code === 'EPERM')
    return new HaganeError('forbidden', `${file} may not be read`, {
      hint: 'change its permissions, or leave it out',
      cause,
    })
  return new HaganeError('unavailable', `${file} cannot be read: ${message}`, { cause })
}

function readWhole(descriptor: number, into: Buffer, at: number, room: number): number {
  let length = 0
  for (let count = 1; count > 0 && length < room; length += count)
    count = readSync(descriptor, into, at + length, room - length, length)
  return length
}
