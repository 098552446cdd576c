import { dirname } from 'node:path'
import { type SearchSpace, searchSpace } from '@hagane/contract'
import { pythonWith } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OPTUNA } from './optuna.ts'
import type { Point } from './space.ts'
import { buildSuggestions, type SuggestRequest, type ToldTrial } from './suggestions.ts'

const space: SearchSpace = searchSpace.parse({
  x: { type: 'uniform', min_value: 0, max_value: 1 },
  kind: { type: 'choice', values: ['a', 'b', 'c'] },
  n: { type: 'randint', upper: 5 },
  rate: { type: 'lognormal', mu: 0, sigma: 1 },
})
const suggestions = buildSuggestions()
let prefix = ''
beforeAll(async () => {
  prefix = dirname(dirname(await pythonWith([OPTUNA])))
}, 300_000)
afterAll(() => suggestions.stop())

const ask = (more: Partial<SuggestRequest> = {}): Promise<Point[]> =>
  suggestions.suggest(prefix, { seed: '1', goal: 'minimize', space, trials: [], count: 1, ...more })
const told = (x: number, more: Partial<ToldTrial> = {}): ToldTrial => ({
  point: { x, kind: 0.5, n: 0.1, rate: 0.5 },
  state: 'complete',
  value: (x - 0.8) ** 2,
  intervals: 1,
  ...more,
})
const history = Array.from({ length: 20 }, (_, i) => told((i + 0.5) / 20))

describe('suggestions of Optuna', () => {
  it('lie inside the space, for every kind of parameter', async () => {
    for (const point of await ask({ trials: history, count: 8 }))
      for (const name of Object.keys(space)) {
        expect(point[name]).toBeGreaterThan(0)
        expect(point[name]).toBeLessThan(1)
      }
  })
  it('are the same for the same history, also from a new process', async () => {
    const first = await ask({ trials: history, count: 2 })
    suggestions.stop()
    expect(await ask({ trials: history, count: 2 })).toEqual(first)
    expect(await ask({ trials: history, count: 2, seed: '2' })).not.toEqual(first)
  })
  it('come one by one as they come together, when nothing else was learnt between', async () => {
    const [first, second] = await ask({ trials: history, count: 2 })
    const running: ToldTrial = { point: first as Point, state: 'running', intervals: 0 }
    expect(await ask({ trials: [...history, running] })).toEqual([second])
  })
  it('go where it was good, and not where trials were stopped or failed', async () => {
    const near = async (trials: ToldTrial[], goal: SuggestRequest['goal'] = 'minimize'): Promise<number> => {
      const xs = (await ask({ trials, goal, count: 12 })).map(point => point.x ?? 0).sort((a, b) => a - b)
      return ((xs[5] ?? 0) + (xs[6] ?? 0)) / 2
    }
    expect(Math.abs((await near(history)) - 0.8)).toBeLessThan(0.2)
    expect(await near(history, 'maximize')).toBeLessThan(0.4)
    const stopped = history.map(trial => ((trial.point.x ?? 0) > 0.5 ? trial : { ...trial, state: 'pruned' as const }))
    expect(await near(stopped)).toBeGreaterThan(0.5)
  })
  it('say what went wrong instead of hanging, and go on afterwards', async () => {
    await expect(ask({ trials: [told(0.5, { state: 'lost' as 'fail' })] })).rejects.toThrow(/Optuna.*lost/)
    await expect(
      suggestions.suggest('/nowhere', { seed: '1', goal: 'minimize', space, trials: [], count: 1 }),
    ).rejects.toThrow('could not run')
    expect(await ask()).toHaveLength(1)
  })
})
