import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chainOf, exportOf, newSigner } from './export-under-test.ts'
import { hashOf } from './read-export.ts'
import { verifyExport } from './verify-export.ts'

const signer = newSigner()
const rows = chainOf(23)
const whole = exportOf(rows, signer, 0, [4, 11])
const later = exportOf(rows, signer, 6, [11])

const check = (file: string | Uint8Array, trust = {}) =>
  verifyExport(async function* () {
    const bytes = Buffer.from(file)
    // odd pieces, so that lines and characters are cut anywhere
    for (let at = 0; at < bytes.length; at += 97) yield bytes.subarray(at, at + 97)
  }, trust)
const faultsOf = async (lines: string[], trust = {}) =>
  (await check(lines.join(''), trust)).faults.map(({ kind, seq, last }) => [
    kind,
    seq,
    ...(last === undefined ? [] : [last]),
  ])
const without = (lines: string[], at: number, count = 1) => lines.toSpliced(at, count)

describe('an export', () => {
  it.each([
    ['from the beginning', whole, 1],
    ['from later on', later, 7],
    ['without events', exportOf([], signer), 1],
    ['that begins at its end', exportOf(rows, signer, 23), 24],
  ])('%s holds', async (_, lines, from) => {
    const verdict = await check(lines.join(''))
    expect(verdict).toMatchObject({ ok: true, from, events: lines.length - 2, faults: [] })
  })

  it('names one event that was changed, removed, inserted or moved, by its number', async () => {
    const change = whole.with(9, (whole[9] ?? '').replace('test/9', 'test/8'))
    expect(await faultsOf(change)).toEqual([['changed', 9]])
    expect(await faultsOf(without(whole, 9))).toEqual([['removed', 9, 9]])
    expect(await faultsOf(without(whole, 9, 5))).toEqual([['removed', 9, 13]])
    expect(await faultsOf(whole.toSpliced(9, 0, whole[3] ?? ''))).toEqual([['inserted', 3]])
    expect(await faultsOf(without(whole, 9).toSpliced(14, 0, whole[9] ?? ''))).toEqual([['reordered', 9]])
    expect(await faultsOf(whole.slice(0, 20))).toEqual([['truncated', 20, 23]])
  })

  it('names an event that was written anew with a hash of its own, and one that was put in with its number', async () => {
    const forged = { ...rows[8], actor: 'user:mallory' } as (typeof rows)[number]
    const line = `${JSON.stringify({ ...forged, hash: hashOf(forged) })}\n`
    expect(await faultsOf(whole.with(9, line))).toEqual([['changed', 9]])
    expect(await faultsOf(whole.toSpliced(9, 0, line))).toEqual([['inserted', 9]])
    expect(await faultsOf(whole.toSpliced(10, 0, line))).toEqual([['inserted', 9]])
  })

  it('is not fooled by a chain that was computed anew from some event on: a signed checkpoint says between which', async () => {
    const other = chainOf(23).map(row => ({ ...row }))
    for (let i = 7; i < 23; i++) {
      const row = { ...other[i], prev_hash: other[i - 1]?.hash, ...(i === 7 ? { actor: 'user:mallory' } : {}) }
      other[i] = { ...row, hash: hashOf(row as never) } as never
    }
    const rewritten = exportOf(other, signer)
    const head = JSON.parse(whole[0] ?? '')
    const lines = rewritten.with(0, whole[0] ?? '').with(24, JSON.stringify({ ...JSON.parse(rewritten[24] ?? '') }))
    expect(head.checkpoints).toHaveLength(2)
    expect(await faultsOf(lines)).toEqual([['changed', 5, 11]])
  })

  it('tells a shorter file that the server signed earlier from a checkpoint that was kept elsewhere', async () => {
    const kept = JSON.parse(whole[0] ?? '').checkpoint
    const earlier = exportOf(rows.slice(0, 15), signer)
    expect((await check(earlier.join(''))).ok).toBe(true)
    expect(await faultsOf(earlier, { checkpoints: [kept] })).toEqual([['truncated', 16, 23]])
    expect(await faultsOf(whole, { checkpoints: [kept] })).toEqual([])
  })

  it('does not believe another key than the one that is trusted', async () => {
    const other = exportOf(rows, newSigner())
    expect((await check(other.join(''))).ok).toBe(true)
    expect((await check(other.join(''), { publicKey: signer.publicKey })).faults[0]?.message).toContain('another key')
  })
})

describe('any single change of an export is detected and named', () => {
  const files = [whole, later]
  const which = fc.nat(files.length - 1)
  const linesOf = (i: number): string[] => files[i] ?? []
  const pick = (file: string[], share: number) => Math.min(file.length - 1, Math.floor(share * file.length))
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  const kindsOf = async (file: string | Uint8Array) => new Set((await check(file)).faults.map(({ kind }) => kind))

  it('a flipped bit', async () => {
    await fc.assert(
      fc.asyncProperty(which, share, fc.integer({ min: 0, max: 7 }), async (i, at, bit) => {
        const file = linesOf(i)
        const bytes = Buffer.from(file.join(''))
        const place = Math.min(bytes.length - 1, Math.floor(at * bytes.length))
        bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << bit), place)
        const kinds = await kindsOf(bytes)
        // the last line's end may be what was flipped
        return kinds.has('changed') || (place === bytes.length - 1 && kinds.has('truncated'))
      }),
      { numRuns: 600 },
    )
  })

  it('a deleted line', async () => {
    await fc.assert(
      fc.asyncProperty(which, share, async (i, at) => {
        const file = linesOf(i)
        const line = pick(file, at)
        return (await kindsOf(without(file, line).join(''))).has(line === file.length - 1 ? 'truncated' : 'removed')
      }),
    )
  })

  it('an inserted line, a copy or of other content', async () => {
    await fc.assert(
      fc.asyncProperty(which, share, share, fc.option(fc.string()), async (i, at, of, text) => {
        const file = linesOf(i)
        const line = text === null ? (file[pick(file, of)] ?? '') : `${text.replaceAll('\n', '')}\n`
        return (await kindsOf(file.toSpliced(pick(file, at), 0, line).join(''))).has('inserted')
      }),
      { numRuns: 300 },
    )
  })

  it('two lines that changed places', async () => {
    await fc.assert(
      fc.asyncProperty(which, share, share, async (i, one, other) => {
        const file = linesOf(i)
        const [a, b] = [pick(file, one), pick(file, other)]
        fc.pre(a !== b)
        const swapped = file.with(a, file[b] ?? '').with(b, file[a] ?? '')
        return (await kindsOf(swapped.join(''))).has('reordered')
      }),
      { numRuns: 300 },
    )
  })

  it('an end that was cut off, at any byte', async () => {
    await fc.assert(
      fc.asyncProperty(which, share, async (i, at) => {
        const file = linesOf(i)
        const bytes = Buffer.from(file.join(''))
        return (await kindsOf(bytes.subarray(0, Math.min(bytes.length - 1, Math.floor(at * bytes.length))))).has(
          'truncated',
        )
      }),
      { numRuns: 300 },
    )
  })
})
