import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { Secrets } from '../../kernel/secrets.ts'

export interface Signed {
  readonly size: number
  /** Hex. */
  readonly root: string
  /** Hex. */
  readonly head: string
  readonly time: string
}

export interface Signer {
  readonly origin: string
  /** `<origin>+<id>+<base64>`: https://c2sp.org/signed-note */
  readonly publicKey: string
  /** A signed checkpoint: https://c2sp.org/tlog-checkpoint, with the chain's last hash and the time as extension lines. */
  sign(what: Signed): string
}

/** DER of an Ed25519 private key without its 32 bytes: RFC 8410 §7. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const ED25519 = Buffer.from([1])

/** The server's key, drawn from the secret of its data folder: the same for the life of the folder, and written nowhere else. */
export function buildSigner(secrets: Secrets, serverId: string): Signer {
  const origin = `hagane/${serverId.replace(/[^\w.-]/g, '-')}`
  const seed = Buffer.from(secrets.keyFor('audit-checkpoints'), 'hex')
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' })
  const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
  const encoded = Buffer.concat([ED25519, raw])
  const id = createHash('sha256').update(`${origin}\n`).update(encoded).digest().subarray(0, 4)
  return {
    origin,
    publicKey: `${origin}+${id.toString('hex')}+${encoded.toString('base64')}`,
    sign({ size, root, head, time }) {
      const body = `${origin}\n${size}\n${Buffer.from(root, 'hex').toString('base64')}\nhead ${head}\ntime ${time}\n`
      const signature = Buffer.concat([id, sign(null, Buffer.from(body), key)])
      return `${body}\n\u2014 ${origin} ${signature.toString('base64')}\n`
    },
  }
}
