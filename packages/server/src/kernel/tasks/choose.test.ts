import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chooseNext, type Head, PATIENCE_MS, type RunningLoad, type Situation } from './choose.ts'
import { lanesOf, laneText, parseLane, rankOf } from './lane.ts'

const head = (id: string, more: Partial<Head> = {}): Head => ({
  id,
  rank: 50,
  queue: 'q',
  share: 'ann',
  cores: 1,
  memoryMb: 0,
  ...more,
})
const load = (more: Partial<RunningLoad> = {}): RunningLoad => ({
  queue: 'q',
  share: 'ann',
  cores: 1,
  memoryMb: 0,
  count: 1,
  here: true,
  ...more,
})
const situation = (more: Partial<Situation>): Situation => ({
  heads: [],
  running: [],
  machine: { cores: 4, memoryMb: 8000 },
  limits: new Map(),
  served: new Map(),
  blocked: new Map(),
  now: 1_000_000,
  ...more,
})
const taken = (more: Partial<Situation>): string | undefined => chooseNext(situation(more)).take?.id

describe('the next task', () => {
  it('is the oldest among equals, and of higher priority before all others', () => {
    expect(taken({ heads: [head('b'), head('a')] })).toBe('a')
    expect(taken({ heads: [head('a'), head('z', { rank: 40 })] })).toBe('z')
  })

  it('belongs to who has less running, then to who was served longer ago', () => {
    const heads = [head('a'), head('b', { share: 'ben' })]
    expect(taken({ heads, running: [load()] })).toBe('b')
    expect(taken({ heads, running: [load(), load({ share: 'ben', cores: 2 })] })).toBe('a')
    expect(
      taken({
        heads,
        served: new Map([
          ['ann', 7],
          ['ben', 3],
        ]),
      }),
    ).toBe('b')
  })

  it('takes turns between users although one has queued much more', () => {
    const waiting = { ann: 6, ben: 2, cyd: 3 }
    const served = new Map<string, number>()
    const order: string[] = []
    for (let turn = 1; Object.values(waiting).some(count => count > 0); turn++) {
      const heads = Object.entries(waiting).flatMap(([share, count]) => (count > 0 ? [head(share, { share })] : []))
      const next = chooseNext(situation({ heads, served })).take as Head
      served.set(next.share, turn)
      waiting[next.share as 'ann'] -= 1
      order.push(next.share)
    }
    expect(order.join(' ')).toBe('ann ben cyd ann ben cyd ann cyd ann ann ann')
  })

  it('leaves a queue at its limit alone and serves the others', () => {
    const heads = [head('a'), head('b', { queue: 'other' })]
    const running = [load({ count: 2, cores: 2 })]
    expect(taken({ heads, running, limits: new Map([['q', { running: 2 }]]) })).toBe('b')
    expect(taken({ heads, running, limits: new Map([['q', { cores: 2 }]]) })).toBe('b')
    expect(taken({ heads, running, limits: new Map([['q', { running: 3, cores: 3 }]]) })).toBe('a')
    expect(
      taken({
        heads: [head('a', { memoryMb: 600 })],
        running: [load({ memoryMb: 500 })],
        limits: new Map([['q', { memoryMb: 1000 }]]),
      }),
    ).toBeUndefined()
  })

  it('counts the cores of this machine only for this machine', () => {
    const running = [load({ cores: 4, here: false })]
    expect(taken({ heads: [head('a')], running })).toBe('a')
    expect(taken({ heads: [head('a')], running: [load({ cores: 4 })] })).toBeUndefined()
  })

  it('lets small ones pass one that does not fit, but not for ever', () => {
    const heads = [head('big', { rank: 40, cores: 4 }), head('small')]
    const running = [load({ share: 'ben' })]
    expect(chooseNext(situation({ heads, running }))).toMatchObject({ take: { id: 'small' }, full: ['big'] })
    const blocked = new Map([['big', 1_000_000 - PATIENCE_MS]])
    expect(chooseNext(situation({ heads, running, blocked }))).toEqual({ full: ['big'] })
    expect(taken({ heads, blocked })).toBe('big')
  })

  it('runs what asks for more than there is alone, rather than never', () => {
    const giant = head('giant', { cores: 64, memoryMb: 1e6 })
    expect(taken({ heads: [giant] })).toBe('giant')
    expect(taken({ heads: [giant], limits: new Map([['q', { cores: 2 }]]) })).toBe('giant')
    expect(taken({ heads: [giant], running: [load()] })).toBeUndefined()
  })

  it('never fills a machine or a queue beyond what it has, whatever waits', () => {
    const heads = fc.array(
      fc.record({
        rank: fc.integer({ min: 1, max: 99 }),
        queue: fc.constantFrom('p', 'q'),
        share: fc.constantFrom('ann', 'ben'),
        cores: fc.integer({ min: 0, max: 9 }),
        memoryMb: fc.integer({ min: 0, max: 9000 }),
      }),
    )
    fc.assert(
      fc.property(heads, given => {
        let left = given.map((one, i) => ({ ...one, id: `t${i}` }))
        const running: RunningLoad[] = []
        const limits = new Map([['p', { running: 2, cores: 3 }]])
        for (;;) {
          const { take } = chooseNext(situation({ heads: left, running, limits }))
          if (take === undefined) break
          left = left.filter(one => one.id !== take.id)
          running.push({
            ...take,
            cores: Math.min(take.cores, 4),
            memoryMb: Math.min(take.memoryMb, 8000),
            count: 1,
            here: true,
          })
        }
        const sum = (of: RunningLoad[], what: 'cores' | 'memoryMb') => of.reduce((total, one) => total + one[what], 0)
        const inP = running.filter(one => one.queue === 'p')
        expect(sum(running, 'cores')).toBeLessThanOrEqual(4)
        expect(sum(running, 'memoryMb')).toBeLessThanOrEqual(8000)
        expect(inP.length).toBeLessThanOrEqual(2)
        // something always runs when something waits
        expect(running.length > 0 || given.length === 0).toBe(true)
      }),
    )
  })
})

describe('a lane', () => {
  it('keeps its parts apart, whatever they hold, and stays among those of its kind', () => {
    const text = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(text, text, fc.integer({ min: -60, max: 60 }), (queue, share, priority) => {
        const lane = { kind: 'job.step', rank: rankOf(priority), queue, share }
        expect(parseLane(laneText(lane))).toEqual(lane)
        const { from, to } = lanesOf('job.step')
        expect(laneText(lane) > from && laneText(lane) < to).toBe(true)
      }),
    )
  })

  it('sorts by priority first', () => {
    const at = (priority: number, queue: string) => laneText({ kind: 'k', rank: rankOf(priority), queue, share: 'ann' })
    expect(at(10, 'z') < at(0, 'a')).toBe(true)
  })
})
