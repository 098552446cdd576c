import { createHash, createPublicKey, verify } from 'node:crypto'

/** What a server signed about its chain: how many events, the root of the tree over them, and the hash of the last one. */
export interface Checkpoint {
  readonly origin: string
  readonly size: number
  /** Hex. */
  readonly root: string
  /** Hex. */
  readonly head: string
  readonly time: string
}

/** DER of an Ed25519 public key without its 32 bytes: RFC 8410 §4. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')
const ED25519 = 1

/** The key behind `<name>+<id>+<base64>`: https://c2sp.org/signed-note. Throws an Error that says what is wrong. */
export function keyOf(text: string) {
  const [name = '', id = '', encoded = ''] = text.split('+', 2).concat(text.split('+').slice(2).join('+'))
  const bytes = Buffer.from(encoded, 'base64')
  const expected = createHash('sha256').update(`${name}\n`).update(bytes).digest('hex').slice(0, 8)
  if (bytes.length !== 33 || bytes[0] !== ED25519 || bytes.toString('base64') !== encoded || id !== expected)
    throw new Error('the public key is damaged')
  const key = createPublicKey({ key: Buffer.concat([SPKI, bytes.subarray(1)]), format: 'der', type: 'spki' })
  return { name, id, key }
}

/**
 * Reads a signed checkpoint (https://c2sp.org/tlog-checkpoint, Ed25519) after checking its signature with a public key.
 * Throws an Error that says what does not hold.
 */
export function openCheckpoint(note: string, publicKey: string): Checkpoint {
  const { name, id, key } = keyOf(publicKey)
  const end = note.indexOf('\n\n')
  const body = note.slice(0, end + 1)
  const signature = /^\u2014 (\S+) (\S+)\n$/.exec(note.slice(end + 2))
  const signed = Buffer.from(signature?.[2] ?? '', 'base64')
  if (signature === null || signature[1] !== name || signed.toString('base64') !== signature[2])
    throw new Error(`the checkpoint carries no signature of ${name}`)
  const by = signed.subarray(0, 4).toString('hex')
  if (by !== id) throw new Error(`the checkpoint was signed with another key: ${name}+${by}, not ${name}+${id}`)
  if (!verify(null, Buffer.from(body), key, signed.subarray(4)))
    throw new Error('the signature of the checkpoint does not hold')
  const [origin = '', size, root = '', ...extensions] = body.split('\n')
  const extension = (label: string) =>
    extensions.find(line => line.startsWith(`${label} `))?.slice(label.length + 1) ?? ''
  return {
    origin,
    size: Number(size),
    root: Buffer.from(root, 'base64').toString('hex'),
    head: extension('head'),
    time: extension('time'),
  }
}
