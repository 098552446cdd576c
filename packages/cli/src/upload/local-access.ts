import { hash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { localAccessDigits, localAccessFile } from '@hagane/contract'

/**
 * The key in the file that a server names, when this user may read it. A server is not trusted to name files: nothing is
 * taken but so many hexadecimal digits from a file of that one name, and only when the server knows them already: behind a
 * tunnel, a server of another machine names the file of the one here.
 */
export function readAccess(file: string, keyDigest: string): string | undefined {
  if (basename(file) !== localAccessFile || statSync(file).size !== localAccessDigits) return undefined
  const key = readFileSync(file, 'latin1')
  return /^[0-9a-f]+$/.test(key) && hash('sha256', key) === keyDigest ? key : undefined
}
