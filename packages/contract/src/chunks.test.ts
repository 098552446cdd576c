import { describe, expect, it } from 'vitest'
import { chunkBlocks, chunkLength, largestChunk, smallestChunk } from './chunks.ts'

/** Bytes that look random and are the same in every run. */
function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let i = 0; i < length; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    bytes[i] = state >>> 24
  }
  return bytes
}

/** The chunks of bytes that arrive in pieces of at most `piece`. */
function chunksOf(bytes: Uint8Array, piece = Number.POSITIVE_INFINITY): string[] {
  let at = 0
  const read = (into: Uint8Array) => {
    const part = bytes.subarray(at, at + Math.min(into.length, piece))
    into.set(part)
    at += part.length
    return part.length
  }
  const found: string[] = []
  for (const block of chunkBlocks(read))
    for (const { offset, length } of block.chunks)
      found.push(Buffer.from(block.bytes.subarray(offset, offset + length)).toString('latin1'))
  return found
}

describe('chunks', () => {
  it('give the bytes back, each within its sizes, whatever the pieces they arrive in', () => {
    const bytes = noise(11_000_003)
    const chunks = chunksOf(bytes)
    expect(Buffer.from(chunks.join(''), 'latin1').equals(Buffer.from(bytes))).toBe(true)
    for (const chunk of chunks.slice(0, -1)) {
      expect(chunk.length).toBeGreaterThanOrEqual(smallestChunk)
      expect(chunk.length).toBeLessThanOrEqual(largestChunk)
    }
    expect(chunksOf(bytes, 70_001)).toEqual(chunks)
  })

  it('are where they always were: older clients have stored them', () => {
    expect(chunksOf(noise(1_000_000)).map(chunk => chunk.length)).toMatchInlineSnapshot(`
      [
        132744,
        125030,
        169733,
        181611,
        133470,
        131620,
        125792,
      ]
    `)
  })

  it('stay the same but for one or two after a changed byte, an inserted one and a removed one', () => {
    const bytes = noise(8_000_000)
    const known = new Set(chunksOf(bytes))
    const fresh = (changed: Uint8Array) => chunksOf(changed).filter(chunk => !known.has(chunk)).length
    const other = bytes.slice()
    other[4_000_000] = (other[4_000_000] as number) ^ 1
    expect(fresh(other)).toBeLessThanOrEqual(2)
    const head = bytes.subarray(0, 3_000_000)
    expect(fresh(Buffer.concat([head, Buffer.from('x'), bytes.subarray(3_000_000)]))).toBeLessThanOrEqual(2)
    expect(fresh(Buffer.concat([head, bytes.subarray(3_000_001)]))).toBeLessThanOrEqual(2)
  })

  it('end at the largest size where nothing in the bytes makes an end', () => {
    expect(chunkLength(new Uint8Array(3 * largestChunk), 0, 3 * largestChunk)).toBe(largestChunk)
    expect(chunksOf(new Uint8Array(0))).toEqual([])
    expect(chunksOf(noise(5)).map(chunk => chunk.length)).toEqual([5])
  })
})
