import { describe, expect, it } from 'vitest'
import { chainOf, exportOf, newSigner } from './export-under-test.ts'
import { type EventLine, hashOf } from './read-export.ts'
import { verifyExport } from './verify-export.ts'

const signer = newSigner()
const rows = chainOf(40)
const whole = exportOf(rows, signer, 0, [4, 11])
const range = exportOf(rows, signer, 6, [11])
const first = JSON.parse(whole[0] ?? '')
const notes: string[] = first.checkpoints

const check = (file: string | readonly string[], trust = {}) =>
  verifyExport(async function* () {
    yield Buffer.from(typeof file === 'string' ? file : file.join(''))
  }, trust)
const line = (value: object) => `${JSON.stringify(value)}\n`
const event = (seq: number): EventLine => rows[seq - 1] as EventLine

/** The chain with one event changed and everything behind it computed anew, as who writes to the database could do. */
function rechained(from: number, change: Partial<EventLine>): EventLine[] {
  const made = rows.slice(0, from - 1)
  for (let seq = from; seq <= rows.length; seq++) {
    const row = { ...event(seq), ...(seq === from ? change : {}), prev_hash: made.at(-1)?.hash ?? '0'.repeat(64) }
    made.push({ ...row, hash: hashOf(row) })
  }
  return made
}

const oneBit = line({ ...event(9), data: event(9).data.replace('"n":9', '"n":8') })
const reversed = line(Object.fromEntries(Object.entries(event(9)).reverse()))
const shorter = exportOf(rows.slice(0, 30), newSigner('hagane/test'))

describe('who does not have the key', () => {
  it.each([
    ['changes one bit of a detail', whole.with(9, oneBit), ['changed', 9, 'does not match its hash']],
    ['swaps two events', whole.with(5, whole[6] ?? '').with(6, whole[5] ?? ''), ['reordered', 6, 'in another place']],
    ['doubles a line', whole.toSpliced(9, 0, whole[9] ?? ''), ['inserted', 9, 'does not belong']],
    ['writes the fields in another order', whole.with(9, reversed), ['changed', 9, 'spelled otherwise']],
    ['adds a field', whole.with(9, line({ ...event(9), approved: true })), ['changed', 9, 'spelled otherwise']],
    ['cuts the last events', whole.slice(0, 30), ['truncated', 30, 'events 30 to 40 are missing']],
    [
      'cuts them, and says so in the first line with an earlier checkpoint',
      [line({ ...first, size: 30, head: event(30).hash, checkpoint: notes[1] }), ...shorter.slice(1)],
      ['changed', undefined, 'the first line says something else than what was signed'],
    ],
    [
      'cuts them, and signs anew in the name of the key',
      shorter.with(0, line({ ...JSON.parse(shorter[0] ?? ''), public_key: signer.publicKey })),
      ['changed', undefined, 'signed with another key'],
    ],
    [
      'cuts a part out of a range, and moves its beginning',
      range.toSpliced(1, 2).with(0, line({ ...JSON.parse(range[0] ?? ''), after: 8, after_hash: event(8).hash })),
      ['changed', undefined, 'the first line says something else than what was signed'],
    ],
    ['leaves events out at the beginning of a range', range.toSpliced(1, 2), ['removed', 7, 'events 7 to 8']],
    [
      'computes the chain anew under the checkpoints that were signed',
      exportOf(rechained(8, { actor: 'user:mallory' }), signer).with(0, whole[0] ?? ''),
      ['changed', 5, 'events 5 to 11 are not those that were signed'],
    ],
    ['adds a line', `${whole.join('')}garbage\n`, ['inserted', undefined, 'a line that cannot be read']],
    ['adds an empty line', `${whole.join('')}\n`, ['inserted', undefined, 'a line that cannot be read']],
    ['empties the file', '', ['truncated', undefined, 'the file ends here']],
    ['leaves the first line alone', whole.slice(0, 1), ['truncated', 1, 'events 1 to 40 are missing']],
    [
      'appends the export of another server',
      [...whole, ...exportOf(chainOf(5), newSigner('hagane/other'))],
      ['inserted', undefined, 'the first line of another export, of hagane/other'],
    ],
    ['turns the ends of lines', whole.join('').replaceAll('\n', '\r\n'), ['changed', undefined, 'CR LF']],
  ])('and %s is found, by kind and number', async (_, file, [kind, seq, says]) => {
    const { ok, faults } = await check(file)
    expect(ok).toBe(false)
    expect(faults[0]).toMatchObject({ kind, message: expect.stringContaining(String(says)) })
    expect(faults[0]?.seq).toBe(seq)
  })

  it('but signs all of it anew with a key of their own is found by a key, or a checkpoint, from elsewhere', async () => {
    const forged = exportOf(rechained(8, { actor: 'user:mallory' }), newSigner('hagane/test'))
    expect((await check(forged)).ok).toBe(true)
    const pinned = await check(forged, { publicKey: signer.publicKey })
    expect(pinned.faults).toHaveLength(1)
    expect(pinned.faults[0]?.message).toMatch(/another key: hagane\/test\+[0-9a-f]{8}, not hagane\/test\+[0-9a-f]{8}/)
    const anchored = await check(forged, { checkpoints: [first.checkpoint] })
    expect(anchored.faults).toMatchObject([{ kind: 'changed', message: expect.stringContaining('kept elsewhere') }])
  })

  it('a thousand faults in a row are told in one line', async () => {
    const [long, other] = [exportOf(chainOf(3), signer), exportOf(chainOf(1000), newSigner())]
    const { faults } = await check([...long, ...other])
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatchObject({ kind: 'inserted', seq: 1, last: 1000, line: 6 })
    expect(faults[0]?.message).toMatch(/and 1001 lines after it$/)
  })
})

it('who has the key cannot shorten or rewrite what a checkpoint that was kept elsewhere holds', async () => {
  const kept = { checkpoints: [first.checkpoint] }
  const short = await check(exportOf(rows.slice(0, 30), signer), kept)
  expect(short.faults).toMatchObject([{ kind: 'truncated', seq: 31, last: 40 }])
  const anew = await check(exportOf(rechained(8, { actor: 'user:mallory' }), signer), kept)
  expect(anew.faults).toMatchObject([{ kind: 'changed', seq: 1, last: 40 }])
})
