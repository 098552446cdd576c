import { createHash } from 'node:crypto'
import { lstatSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs'

/** A socket's path has room for 104 characters on macOS, and Python puts 35 behind TMPDIR. */
const LONGEST_TEMPORARY = 65
/** Not TMPDIR: on macOS that is too long itself, and the next server may have another. */
const LINKS = '/tmp'

const linkOf = (temporary: string): string | undefined =>
  Buffer.byteLength(temporary) <= LONGEST_TEMPORARY
    ? undefined
    : `${LINKS}/hagane-${createHash('sha256').update(temporary).digest('hex').slice(0, 16)}`

/** Somebody else's file under that name is left alone. */
function isOurs(link: string, temporary: string): boolean {
  const there = lstatSync(link, { throwIfNoEntry: false })
  return there?.isSymbolicLink() === true && there.uid === process.getuid?.() && readlinkSync(link) === temporary
}

/**
 * Sockets in a deep TMPDIR fail ("AF_UNIX path too long"), e.g. those of Python's multiprocessing. Returns a short link to
 * such a folder, or undefined when the path will do, or no link can be had.
 */
export function shortLink(temporary: string): string | undefined {
  const link = linkOf(temporary)
  if (link === undefined) return undefined
  try {
    symlinkSync(temporary, link)
    return link
  } catch {
    return isOurs(link, temporary) ? link : undefined
  }
}

/** Takes the short link back, when the step has ended. */
export function removeShortLink(temporary: string): void {
  const link = linkOf(temporary)
  if (link !== undefined && isOurs(link, temporary)) unlinkSync(link)
}
