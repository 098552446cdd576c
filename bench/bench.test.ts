import { describe, expect, it } from 'vitest'
import { keepsTarget, median, type Row, timesBetter } from './bench.ts'
import { runCapped } from './measure/capped.ts'
import { formatTable } from './table.ts'

const row = (more: Partial<Row>): Row => ({ work: 'work', unit: 'ms', ours: 10, ...more })

describe('a row of the benchmark', () => {
  it('counts a smaller time and a larger rate as better', () => {
    expect(timesBetter(row({ peer: 40 }))).toBe(4)
    expect(timesBetter(row({ unit: 'requests/s', ours: 40, peer: 10 }))).toBe(4)
  })

  it('keeps a target only when both the multiple and the bound hold', () => {
    expect(keepsTarget(row({ peer: 40, target: { times: 4, bound: 10 } }))).toBe(true)
    expect(keepsTarget(row({ peer: 40, target: { times: 5, bound: 10 } }))).toBe(false)
    expect(keepsTarget(row({ peer: 100, target: { times: 5, bound: 9 } }))).toBe(false)
    expect(keepsTarget(row({ unit: 'requests/s', target: { bound: 11 } }))).toBe(false)
  })

  it('does not count a multiple as kept when no peer was measured', () => {
    expect(keepsTarget(row({ target: { times: 2 } }))).toBe(false)
    expect(keepsTarget(row({}))).toBeUndefined()
  })
})

describe('median', () => {
  it('takes the middle of an odd count and the mean of the middle two of an even one', () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([4, 1, 3, 2])).toBe(2.5)
  })

  it('refuses an empty list', () => {
    expect(() => median([])).toThrow('at least one value')
  })
})

describe('the table', () => {
  it('shows figure, peer, multiple, target and whether it was kept', () => {
    const table = formatTable([row({ peer: 40, peerName: 'peer server', target: { times: 5 }, note: 'p99 3 ms' })])
    expect(table).toContain('10 ms')
    expect(table).toContain('40 ms (peer server)')
    expect(table).toMatch(/4\.0×\s+≥ 5×\s+missed\s+p99 3 ms/)
  })

  it('says of a peer that was stopped that it takes more', () => {
    expect(formatTable([row({ peer: 40, peerName: 'peer', peerIsMore: true })])).toMatch(/> 40 ms \(peer\)\s+> 4\.0×/)
  })
})

describe('a peer with a cap', () => {
  it('is stopped after its time, and heard when it ends or fails before', async () => {
    const run = (code: string, seconds: number) => runCapped(process.execPath, ['-e', code], seconds)
    expect(await run('setInterval(() => {}, 1000)', 1)).not.toHaveProperty('output')
    expect(await run('console.log(1)', 60)).toMatchObject({ output: '1\n' })
    await expect(run('throw new Error("no")', 60)).rejects.toThrow('no')
  })
})
