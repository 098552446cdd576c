import { createHash } from 'node:crypto'
import { lstatSync, readlinkSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A socket's path has room for 104 characters on macOS, and Python puts 35 behind TMPDIR. */
const LONGEST_TEMPORARY = 65

/**
 * Sockets in a deep TMPDIR fail ("AF_UNIX path too long"), e.g. those of Python's multiprocessing. Returns a short link to
 * such a folder, or undefined when the path will do.
 */
export function shortLink(temporary: string): string | undefined {
  if (Buffer.byteLength(temporary) <= LONGEST_TEMPORARY) return undefined
  const link = join(tmpdir(), `hagane-${createHash('sha256').update(temporary).digest('hex').slice(0, 16)}`)
  if (Buffer.byteLength(link) > LONGEST_TEMPORARY) return undefined
  const there = lstatSync(link, { throwIfNoEntry: false })
  if (there === undefined) {
    symlinkSync(temporary, link)
    return link
  }
  // somebody else's file under that name is left alone
  const ours = there.isSymbolicLink() && there.uid === process.getuid?.() && readlinkSync(link) === temporary
  return ours ? link : undefined
}
