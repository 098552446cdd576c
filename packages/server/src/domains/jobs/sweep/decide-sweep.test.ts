import type { JobStatus } from '@hagane/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bestTrial, decideSweep, type SweepState } from './decide-sweep.ts'

const state = (statuses: JobStatus[], more: Partial<SweepState> = {}): SweepState => ({
  trials: statuses.map(status => ({ status, stopped: null })),
  most: 4,
  maxConcurrent: 2,
  ending: false,
  ...more,
})

describe('what a sweep does next', () => {
  it.each<[JobStatus[], Partial<SweepState>, object]>([
    [[], {}, { create: 2 }],
    [['Running'], {}, { create: 1 }],
    [['Running', 'Queued'], {}, { create: 0 }],
    [['Completed', 'Failed', 'Completed'], {}, { create: 1 }],
    [['Running', 'Finalizing', 'CancelRequested'], {}, { create: 0 }],
    [['Completed', 'Failed', 'Failed', 'Canceled'], {}, { create: 0, finish: 'complete' }],
    [['Failed', 'Failed', 'Failed', 'Canceled'], {}, { create: 0, finish: 'fail' }],
    [['Canceled', 'Canceled', 'Canceled', 'Canceled'], {}, { create: 0, finish: 'cancel' }],
    [['Completed', 'Running'], { ending: true }, { create: 0 }],
    [['Completed', 'Canceled'], { ending: true }, { create: 0, finish: 'cancel' }],
    [[], { ending: true }, { create: 0, finish: 'cancel' }],
    [Array.from({ length: 10 }, () => 'Failed'), { most: 1000 }, { create: 0, finish: 'fail' }],
    [[...Array.from({ length: 10 }, (): JobStatus => 'Failed'), 'Completed'], { most: 1000 }, { create: 2 }],
  ])('with %j and %j is %j', (statuses, more, next) => expect(decideSweep(state(statuses, more))).toEqual(next))
  it('completes when every trial was stopped early', () =>
    expect(decideSweep({ ...state([]), trials: Array(4).fill({ status: 'Canceled', stopped: 'why' }) })).toEqual({
      create: 0,
      finish: 'complete',
    }))
  it('always comes to an end, with at most maxConcurrent at once and never more than there can be', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<JobStatus>('Completed', 'Failed', 'Canceled'), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 6 }),
        (fates, maxConcurrent) => {
          const trials: { status: JobStatus; stopped: null }[] = []
          for (let round = 0; round < 200; round++) {
            const next = decideSweep({ trials, most: fates.length, maxConcurrent, ending: false })
            if (next.finish !== undefined) return
            for (let i = 0; i < next.create; i++) trials.push({ status: 'Running', stopped: null })
            expect(trials.length).toBeLessThanOrEqual(fates.length)
            expect(trials.filter(({ status }) => status === 'Running').length).toBeLessThanOrEqual(maxConcurrent)
            const running = trials.findIndex(({ status }) => status === 'Running')
            if (running >= 0) trials[running] = { status: fates[running] ?? 'Completed', stopped: null }
          }
          throw new Error('it never ended')
        },
      ),
    )
  })
})

describe('the best trial', () => {
  const of = (...trials: [JobStatus, number | null][]) => trials.map(([status, value]) => ({ status, value }))
  it('is by goal, the first of equals, stopped ones among them, failed ones not', () => {
    const trials = of(['Completed', 2], ['Canceled', 1], ['Failed', 0], ['Completed', 1], ['Completed', null])
    expect(bestTrial('minimize', trials)).toBe(trials[1])
    expect(bestTrial('maximize', trials)).toBe(trials[0])
  })
  it('is nobody where nothing was logged', () => expect(bestTrial('minimize', of(['Completed', null]))).toBeUndefined())
})
