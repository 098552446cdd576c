import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HaganeError, localAccessDigits, localAccessFile } from '@hagane/contract'

/** A key that only who may read the data folder can know: such a caller could read every file that the server can. */
export interface LocalAccess {
  readonly file: string
  /** SHA-256 of the key, which tells a caller whether the file on its machine is this one. */
  readonly keyDigest: string
  /** Throws forbidden. */
  check(key: string): void
}

export function openLocalAccess(dataDir: string): LocalAccess {
  const file = join(dataDir, localAccessFile)
  // a new one at each start: a copy of an old one opens nothing
  const key = randomBytes(localAccessDigits / 2).toString('hex')
  rmSync(file, { force: true })
  writeFileSync(file, key, { flag: 'wx', mode: 0o600 })
  return {
    file,
    keyDigest: hash('sha256', key),
    check(sent) {
      const [own, other] = [Buffer.from(key), Buffer.from(sent)]
      if (own.length !== other.length || !timingSafeEqual(own, other))
        throw new HaganeError('forbidden', 'access: this is not the key of this server', {
          hint: 'read it from the file that GET /api/v1/blobs/local names, or send the bytes',
        })
    },
  }
}
