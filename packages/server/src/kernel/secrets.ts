import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Secrets at rest: AES-256-GCM with a key that stands in the data folder, readable by its owner alone. */
export interface Secrets {
  seal(text: string): string
  /** Throws when the text was sealed with another key or changed. */
  open(sealed: string): string
  /** A key for one purpose, which says nothing of the secret; the same for the life of the data folder. */
  keyFor(purpose: string): string
}

export function openSecrets(dataDir: string): Secrets {
  const key = keyOf(join(dataDir, 'secret.key'))
  return {
    keyFor: purpose => createHmac('sha256', key).update(purpose).digest('hex'),
    seal(text) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')
    },
    open(sealed) {
      const bytes = Buffer.from(sealed, 'base64')
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
      decipher.setAuthTag(bytes.subarray(12, 28))
      return decipher.update(bytes.subarray(28), undefined, 'utf8') + decipher.final('utf8')
    },
  }
}

function keyOf(path: string): Buffer {
  try {
    writeFileSync(path, randomBytes(32).toString('hex'), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return Buffer.from(readFileSync(path, 'utf8').trim(), 'hex')
}

/** What is kept of a bearer token or key: enough to recognise it, not enough to use it. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex')
/** A secret of 256 random bits with a prefix that scanners can find. */
export const newToken = (prefix: string): string => `${prefix}_${randomBytes(32).toString('base64url')}`
