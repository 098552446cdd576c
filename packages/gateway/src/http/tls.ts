import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { HaganeError } from '@hagane/contract'

export interface TlsFiles {
  certFile: string
  keyFile: string
}

export interface KeyPair {
  cert: Buffer
  key: Buffer
}

const lookMs = 2000

/** Reads certificate and key. Throws `invalid` when a file is missing, is no PEM, or the two do not belong together. */
export function readKeyPair({ certFile, keyFile }: TlsFiles): KeyPair {
  try {
    const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) }
    createSecureContext(pair)
    return pair
  } catch (error) {
    throw new HaganeError('invalid', `certificate ${certFile} with key ${keyFile}: ${(error as Error).message}`, {
      hint: 'both are PEM files, the key belongs to the certificate, and the chain follows the certificate in its file',
    })
  }
}

/** Calls back with a new pair once both files hold one; half a renewal is waited out with the pair that is in force. */
export function followKeyPair(files: TlsFiles, renewed: (pair: KeyPair) => void): { stop(): void } {
  const look = (): void => {
    try {
      renewed(readKeyPair(files))
    } catch (error) {
      console.error(`${(error as Error).message}; the certificate in force stays`)
    }
  }
  const paths = [files.certFile, files.keyFile]
  for (const path of paths) watchFile(path, { interval: lookMs }, look)
  return {
    stop: () => {
      for (const path of paths) unwatchFile(path, look)
    },
  }
}
