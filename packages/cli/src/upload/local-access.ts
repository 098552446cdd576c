import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { localAccessDigits, localAccessFile } from '@hagane/contract'

/**
 * The key in the file that a server names, when this user may read it. A server is not trusted to name files: nothing is
 * taken but so many hexadecimal digits from a file of that one name.
 */
export function readAccess(file: string): string | undefined {
  if (basename(file) !== localAccessFile || statSync(file).size !== localAccessDigits) return undefined
  const key = readFileSync(file, 'latin1')
  return new RegExp(`^[0-9a-f]{${localAccessDigits}}$`).test(key) ? key : undefined
}
