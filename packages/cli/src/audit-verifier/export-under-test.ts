import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { type EventLine, hashOf } from './read-export.ts'
import { GrowingTree } from './tree.ts'

export const GENESIS = '0'.repeat(64)

export interface Signer {
  readonly origin: string
  readonly publicKey: string
  sign(size: number, root: string, head: string): string
}

export function newSigner(
  origin = 'hagane/test',
  pair: { privateKey: KeyObject } = generateKeyPairSync('ed25519'),
): Signer {
  const privateKey = createPrivateKey({ key: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }), format: 'pem' })
  const raw = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32)
  const bytes = Buffer.concat([Buffer.from([1]), raw])
  const id = createHash('sha256').update(`${origin}\n`).update(bytes).digest().subarray(0, 4)
  return {
    origin,
    publicKey: `${origin}+${id.toString('hex')}+${bytes.toString('base64')}`,
    sign(size, root, head) {
      const time = new Date(Date.UTC(2026, 4, 1) + size * 1000).toISOString()
      const body = `${origin}\n${size}\n${Buffer.from(root, 'hex').toString('base64')}\nhead ${head}\ntime ${time}\n`
      const signature = Buffer.concat([id, sign(null, Buffer.from(body), privateKey)])
      return `${body}\n\u2014 ${origin} ${signature.toString('base64')}\n`
    },
  }
}

/** Events of a chain, with names and data of every kind. */
export function chainOf(count: number): EventLine[] {
  const rows: EventLine[] = []
  let prev_hash = GENESIS
  for (let seq = 1; seq <= count; seq++) {
    const row = {
      ...{ seq, id: `01${String(seq).padStart(24, '0')}`, time: new Date(Date.UTC(2026, 4, 1) + seq).toISOString() },
      ...{ workspace: 'default', actor: seq % 3 === 0 ? 'user:花子' : 'user:alice', type: 'dev.hagane.test.happened' },
      subject: `test/${seq}`,
      data: JSON.stringify({ n: seq, text: `"quoted" \\ 鋼 ${'\u0001'}` }),
      prev_hash,
    }
    prev_hash = hashOf({ ...row, hash: '' })
    rows.push({ ...row, hash: prev_hash })
  }
  return rows
}

/** The lines of an export of events after `after`, as a server writes them. */
export function exportOf(
  rows: readonly EventLine[],
  signer: Signer,
  after = 0,
  kept: readonly number[] = [],
): string[] {
  const signed = new Map<number, string>()
  const tree = new GrowingTree()
  const at = (size: number) => signer.sign(size, tree.root(), rows[size - 1]?.hash ?? GENESIS)
  let frontier: string[] = []
  for (let size = 0; size <= rows.length; size++) {
    if (size > 0) tree.add(rows[size - 1]?.hash ?? '')
    if (size === after) frontier = [...tree.peaks]
    if (size === after || size === rows.length || kept.includes(size)) signed.set(size, at(size))
  }
  const header = {
    ...{ hagane_audit: 1, origin: signer.origin, after, after_hash: rows[after - 1]?.hash ?? GENESIS, frontier },
    ...{ size: rows.length, head: rows.at(-1)?.hash ?? GENESIS, public_key: signer.publicKey },
    ...{
      begin: signed.get(after),
      checkpoint: signed.get(rows.length),
      checkpoints: kept.map(size => signed.get(size)),
    },
  }
  const lines = [header, ...rows.slice(after)].map(line => `${JSON.stringify(line)}\n`)
  const sha256 = createHash('sha256').update(lines.join('')).digest('hex')
  const end = { hagane_audit_end: 1, count: rows.length - after, head: header.head, sha256 }
  return [...lines, `${JSON.stringify(end)}\n`]
}
