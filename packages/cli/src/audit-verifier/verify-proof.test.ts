import { hash } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { chainOf, newSigner } from './export-under-test.ts'
import { hashOf } from './read-export.ts'
import { GrowingTree, parent, rootOfPath } from './tree.ts'
import { verifyProof } from './verify-proof.ts'

/** Root and path as RFC 9162 §2.1 defines them, by recursion: nothing of it is used by what is tested. */
const split = (n: number) => 2 ** Math.floor(Math.log2(n - 1))
const rootOf = (leaves: string[]): string =>
  leaves.length === 1
    ? (leaves[0] as string)
    : parent(rootOf(leaves.slice(0, split(leaves.length))), rootOf(leaves.slice(split(leaves.length))))
function pathOf(leaves: string[], index: number): string[] {
  if (leaves.length === 1) return []
  const k = split(leaves.length)
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)]
  return index < k ? [...pathOf(left, index), rootOf(right)] : [...pathOf(right, index - k), rootOf(left)]
}
const leaves = (count: number) => Array.from({ length: count }, (_, i) => hash('sha256', `leaf ${i}`))

it('trees of every size up to 70 have the root and the paths of RFC 9162', () => {
  for (let size = 1; size <= 70; size++) {
    const all = leaves(size)
    const tree = new GrowingTree()
    for (const leaf of all) tree.add(leaf)
    expect(tree.root()).toBe(rootOf(all))
    for (let i = 0; i < size; i++) expect(rootOfPath(all[i] as string, i, size, pathOf(all, i))).toBe(tree.root())
  }
})

const signer = newSigner()
const lines = Array.from({ length: 300 }, (_, i) => JSON.stringify({ id: `pr-0123456789abcdef-${i}`, status: 200 }))
const proof = proofOf(137)

function proofOf(index: number) {
  const digests = lines.map(line => hash('sha256', line))
  const rows = chainOf(50)
  const last = rows.at(-1)
  const data = JSON.stringify({ count: 300, digest: hash('sha256', lines.join('\n')), root: rootOf(digests) })
  const base = { ...rows[49], seq: 51, type: 'dev.hagane.audit.segment-rooted', data, prev_hash: last?.hash } as never
  const event = { ...(base as (typeof rows)[number]), hash: hashOf(base) }
  const hashes = [...rows, event, ...chainOf(20)].map(row => row.hash)
  const checkpoint = signer.sign(71, rootOf(hashes), hashes[70] as string)
  return {
    ...{ hagane_proof: 1 as const, prediction: `pr-0123456789abcdef-${index}`, record: lines[index] as string, index },
    ...{ path: pathOf(digests, index), event, event_path: pathOf(hashes, 50), checkpoint },
    public_key: signer.publicKey,
  }
}

it('a proof holds, also of a row of the prediction', () => {
  expect(verifyProof(proof)).toMatchObject({
    ok: true,
    steps: [{ ok: true }, { ok: true }, { ok: true }, { ok: true }],
  })
  expect(verifyProof({ ...proof, prediction: `${proof.prediction}-7` }).ok).toBe(true)
})

it.each([
  ['record', { prediction: 'pr-0123456789abcdef-138' }],
  ['file', { record: proof.record.replace('200', '500') }],
  ['file', { index: 138 }],
  ['file', { path: proof.path.slice(1) }],
  ['event', { event: { ...proof.event, actor: 'user:mallory' } }],
  ['chain', { event_path: proof.event_path.toReversed() }],
  ['chain', { checkpoint: proof.checkpoint.replace('\n71\n', '\n72\n') }],
  ['chain', { public_key: newSigner().publicKey }],
])('names the step that does not hold: %s', (step, change) => {
  const verdict = verifyProof({ ...proof, ...change })
  expect(verdict.ok).toBe(false)
  expect(verdict.steps.find(({ ok }) => !ok)?.step).toBe(step)
})

it('no single flipped bit of what is proved goes unseen', () => {
  const whole = JSON.stringify({ ...proof, public_key: undefined })
  fc.assert(
    fc.property(fc.nat(Buffer.byteLength(whole) - 1), fc.nat(7), (place, bit) => {
      const bytes = Buffer.from(whole)
      bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << bit), place)
      let changed: typeof proof
      try {
        changed = JSON.parse(bytes.toString())
      } catch {
        return
      }
      const isSame = JSON.stringify(changed) === whole
      // which member of the proof has another name only says what kind of file it is
      const isProof = (changed as { hagane_proof?: number }).hagane_proof === 1
      expect(isSame || !isProof || !verifyProof(changed, signer.publicKey).ok).toBe(true)
    }),
    { numRuns: 500 },
  )
})
